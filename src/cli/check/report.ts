/** The findings as text for people and as JSON for programs. */

import { pluralize, wrap } from "../text.ts";
import { type Finding, type Level, TITLES } from "./finding.ts";

const MARKS: Readonly<Record<Level, string>> = {
  ok: "ok",
  warning: "warn",
  problem: "FAIL",
  skipped: "-",
};

/** SGR colors (ECMA-48 §8.3.117). */
const COLORS: Readonly<Record<Level, number>> = { ok: 32, warning: 33, problem: 31, skipped: 90 };

const MARK_WIDTH = 6;
const TITLE_WIDTH = Math.max(...Object.values(TITLES).map((title) => title.length)) + 2;

/** What the output goes to. */
export interface Terminal {
  readonly color: boolean;
  /** Columns to fill; lines are as long as they are without it, for `grep`. */
  readonly width?: number;
}

/** Below that, lines broken by the terminal are easier to read than a narrow column. */
const MIN_COLUMN = 30;

/** One finding, each line with its end. */
export function findingText(finding: Finding, { color, width }: Terminal): string {
  const { check, level, text, remedy, tookMs, attachment } = finding;
  const mark = MARKS[level].padEnd(MARK_WIDTH);
  const shown = color ? `\x1b[${COLORS[level]}m${mark}\x1b[0m` : mark;
  const time = tookMs === undefined ? "" : ` (${tookMs} ms)`;
  const indent = MARK_WIDTH + TITLE_WIDTH;
  const column = width === undefined || width - indent < MIN_COLUMN ? Infinity : width - indent;
  const [first = "", ...others] = [
    ...wrap(text + time, column),
    ...remedy === undefined ? [] : wrap(`Fix: ${remedy}`, column),
    ...attachment?.split("\n") ?? [],
  ];
  return [
    `${shown}${(TITLES[check] ?? check).padEnd(TITLE_WIDTH)}${first}`,
    ...others.map((line) => " ".repeat(indent) + line),
  ].map((line) => `${line.trimEnd()}\n`).join("");
}

/** How many findings are of that level. */
export function countLevel(findings: readonly Finding[], level: Level): number {
  return findings.filter((finding) => finding.level === level).length;
}

/** `2 problems, 1 warning` */
export function summaryText(findings: readonly Finding[]): string {
  const count = (level: Level, word: string) => pluralize(countLevel(findings, level), word);
  return `\n${count("problem", "problem")}, ${count("warning", "warning")}\n`;
}

/** Keys are never renamed, only added (docs/commands.md, "check"). */
export function reportJson(findings: readonly Finding[]): string {
  const report = {
    ok: countLevel(findings, "problem") === 0,
    problems: countLevel(findings, "problem"),
    warnings: countLevel(findings, "warning"),
    findings: findings.map(({ check, level, text, remedy, tookMs, details, attachment }) => ({
      check,
      level,
      text,
      ...remedy === undefined ? {} : { remedy },
      ...tookMs === undefined ? {} : { took_ms: tookMs },
      ...details === undefined ? {} : { details },
      ...attachment === undefined ? {} : { attachment },
    })),
  };
  return `${JSON.stringify(report, null, 2)}\n`;
}
