/** Small helpers: elements, calls, times. Texts become text nodes and never markup. */

/**
 * Makes an element. Attributes that are undefined, null or false are left out; `on*` are listeners.
 */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== undefined && child !== null));
  return element;
}

/** The element with an id. */
export const byId = (id) => document.getElementById(id);

const token = document.querySelector('meta[name="playground-token"]').content;

/** Posts a form to the playground; rejects with the playground's own words. */
export async function post(path, form = {}) {
  const entries = Object.entries(form).filter(([, value]) => value !== undefined && value !== "");
  const response = await fetch(path, {
    method: "POST",
    headers: { "x-playground-token": token },
    body: new URLSearchParams(entries),
  });
  const body = await response.json();
  if (!response.ok) throw new Error(body.error);
  return body;
}

/** Runs what a form or button asks for, and shows an error beside it. */
export async function attempt(errorElement, work) {
  errorElement.hidden = true;
  try {
    await work();
  } catch (error) {
    errorElement.textContent = error.message;
    errorElement.hidden = false;
  }
}

const clock = new Intl.DateTimeFormat("en-GB", { timeStyle: "medium" });

/** `14:05:09`, in the reader's zone. */
export const timeOf = (iso) => clock.format(new Date(iso));

/** A pill with the state in words and colour. */
export function badge(state) {
  return h("span", { class: `badge ${state.toLowerCase()}` }, state.toLowerCase());
}
