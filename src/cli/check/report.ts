/** The findings as text for people and as JSON for programs. */

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

/** One finding, each line with its end. */
export function findingText(finding: Finding, color: boolean): string {
  const { check, level, text, remedy, tookMs, attachment } = finding;
  const mark = MARKS[level].padEnd(MARK_WIDTH);
  const shown = color ? `\x1b[${COLORS[level]}m${mark}\x1b[0m` : mark;
  const time = tookMs === undefined ? "" : ` (${tookMs} ms)`;
  const indent = " ".repeat(MARK_WIDTH + TITLE_WIDTH);
  return [
    `${shown}${(TITLES[check] ?? check).padEnd(TITLE_WIDTH)}${text}${time}`,
    ...remedy === undefined ? [] : [`${indent}To do: ${remedy}`],
    ...attachment === undefined ? [] : attachment.split("\n").map((line) => indent + line),
  ].map((line) => `${line.trimEnd()}\n`).join("");
}

export function countLevel(findings: readonly Finding[], level: Level): number {
  return findings.filter((finding) => finding.level === level).length;
}

/** `2 problems, 1 warning` */
export function summaryText(findings: readonly Finding[]): string {
  const count = (level: Level, word: string) => {
    const number = countLevel(findings, level);
    return `${number} ${word}${number === 1 ? "" : "s"}`;
  };
  return `\n${count("problem", "problem")}, ${count("warning", "warning")}\n`;
}

/** Keys are never renamed, only added (README, "Check"). */
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
