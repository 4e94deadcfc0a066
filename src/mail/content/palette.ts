/** Colours of the built-in HTML, each for light and for dark screens. */

/** What is drawn in a colour, or is filled with it. */
export type ColourRole =
  | "page"
  | "card"
  | "text"
  | "soft"
  | "line"
  | "code"
  | "button"
  | "link"
  | "rule";

export type Palette = Readonly<Record<ColourRole, string>>;

export const LIGHT: Palette = {
  page: "#f3f5f8",
  card: "#ffffff",
  text: "#1a2029",
  soft: "#566070",
  line: "#e3e7ed",
  code: "#f3f5f8",
  button: "#4b2ba8",
  link: "#4b2ba8",
  rule: "#b8a9e6",
};

export const DARK: Palette = {
  page: "#14171c",
  card: "#1f242c",
  text: "#edf0f4",
  soft: "#aab4c2",
  line: "#3a424e",
  code: "#14171c",
  button: "#6b4fd8",
  link: "#b9a8ff",
  rule: "#6b4fd8",
};

export const BUTTON_TEXT = "#ffffff";

export interface Badge {
  readonly background: string;
  readonly text: string;
}

/** Dark text on a light tint of the same hue, which stays as it is on dark screens. */
export const BADGES: Readonly<Record<"APPROVED" | "PROMOTED" | "DENIED" | "PENDING", Badge>> = {
  APPROVED: { background: "#d9f2e1", text: "#0b4f25" },
  PROMOTED: { background: "#d9f2e1", text: "#0b4f25" },
  DENIED: { background: "#fde0de", text: "#7d1410" },
  PENDING: { background: "#fdf0cf", text: "#5c3c00" },
};

export const OTHER_BADGE: Badge = { background: "#e4e8ee", text: "#333c49" };
