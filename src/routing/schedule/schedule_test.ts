import assert from "node:assert/strict";
import { parseRfc3339 } from "../condition/library/rfc3339.ts";
import { matchSchedules, type Schedule, type Shift } from "./schedule.ts";

interface PlainSchedule {
  readonly time?: { readonly timezone?: string; readonly shifts?: readonly Shift[] };
}

interface Vector {
  readonly id: string;
  readonly schedules: Readonly<Record<string, PlainSchedule>>;
  readonly time: string;
  readonly result?: boolean;
  readonly error?: string;
  readonly trail?: readonly string[];
  readonly outcomes?: readonly { readonly result?: boolean; readonly error?: string }[];
}

/** What Teleport's own code made of 167 schedules. */
const { schedules: vectors } = JSON.parse(
  await Deno.readTextFile(new URL("../../../tests/testdata/schedules.json", import.meta.url)),
) as { readonly schedules: readonly Vector[] };

function readSchedules(plain: Vector["schedules"]): ReadonlyMap<string, Schedule> {
  return new Map(
    Object.entries(plain).map(([name, { time }]) => [
      name,
      time === undefined
        ? {}
        : { time: { timezone: time.timezone ?? "", shifts: time.shifts ?? [] } },
    ]),
  );
}

function outcomeOf({ schedules, time }: Vector, isStrict: boolean): boolean | string {
  const verdict = matchSchedules(readSchedules(schedules), parseRfc3339(time).ns, { isStrict });
  return verdict.isInside ? true : verdict.error ?? false;
}

function expected({ result, error, trail = [], outcomes = [] }: Vector): boolean | string {
  // Where the original picks one at random, a schedule that matches wins.
  if (outcomes.some((one) => one.result === true)) return true;
  const failed = outcomes.find((one) => one.error !== undefined);
  if (failed !== undefined) return failed.error!;
  return error === undefined ? result! : [...trail, error].join(": ");
}

Deno.test("Strict schedules are those of the original", () => {
  for (const vector of vectors) assert.equal(outcomeOf(vector, true), expected(vector), vector.id);
});

Deno.test("Schedules are those of the original but for weekdays and the end of a day", () => {
  const differ = vectors.filter((vector) => outcomeOf(vector, false) !== expected(vector));
  for (const { schedules } of differ) {
    const shifts = Object.values(schedules).flatMap(({ time }) => time?.shifts ?? []);
    assert.ok(
      shifts.some(({ weekday, end }) =>
        !/^[A-Z][a-z]{5,8}$/.test(weekday) || end === "23:59" || end === "24:00"
      ),
    );
  }
  assert.ok(differ.length > 0 && differ.length < 12, `${differ.map(({ id }) => id)}`);
});

function isInside(
  shift: Partial<Shift>,
  time: string,
  timezone = "",
): boolean | string {
  const shifts = [{ weekday: "Monday", start: "00:00", end: "24:00", ...shift }];
  const ns = parseRfc3339(time).ns;
  const verdict = matchSchedules(new Map([["s", { time: { timezone, shifts } }]]), ns, {
    isStrict: false,
  });
  return verdict.isInside ? true : verdict.error ?? false;
}

Deno.test("A whole day is a whole day, and weekdays are read as the server reads them", () => {
  for (const end of ["24:00", "23:59"]) {
    assert.equal(isInside({ end }, "2025-08-11T00:00:00Z"), true);
    assert.equal(isInside({ end }, "2025-08-11T23:59:59.999999999Z"), true);
    assert.equal(isInside({ end }, "2025-08-12T00:00:00Z"), false);
    assert.equal(isInside({ end }, "2025-08-10T23:59:59.999999999Z"), false);
  }
  // On a day of 25 hours, and on one that begins at one o'clock.
  assert.equal(isInside({ weekday: "sun" }, "2025-10-26T22:59:59.9Z", "Europe/Berlin"), true);
  assert.equal(isInside({ weekday: "FRIDAY" }, "2025-04-24T22:00:00Z", "Africa/Cairo"), true);
  assert.equal(isInside({ weekday: "thu" }, "2025-04-24T21:59:59.9Z", "Africa/Cairo"), true);
  for (const weekday of ["Mo", "Mond", "monday ", ""]) {
    assert.equal(isInside({ weekday }, "2025-08-11T12:00:00Z"), false);
  }
  assert.match(`${isInside({ start: "24:00" }, "2025-08-11T12:00:00Z")}`, /^invalid start time/);
});

Deno.test("Of several schedules any that matches wins, and an error counts only if none does", () => {
  const shifts = [{ weekday: "Monday", start: "00:00", end: "24:00" }];
  const broken = { time: { timezone: "Mars/Phobos", shifts } };
  const monday = { time: { timezone: "", shifts } };
  const match = (...schedules: readonly Schedule[]) =>
    matchSchedules(
      new Map(schedules.map((schedule, i) => [`s${i}`, schedule])),
      parseRfc3339("2025-08-11T12:00:00Z").ns,
      { isStrict: false },
    );
  assert.deepEqual(match(broken, monday), { isInside: true, schedule: "s1" });
  assert.deepEqual(match({}, { time: { timezone: "", shifts: [] } }, broken), {
    isInside: false,
    error: "unknown time zone Mars/Phobos",
  });
  assert.deepEqual(match(), { isInside: true });
});

Deno.test("Time zones are found by their exact names", () => {
  const zoneOf = (timezone: string) => isInside({}, "2025-08-11T12:00:00Z", timezone);
  for (
    const name of ["", "UTC", "US/Pacific", "Asia/Calcutta", "Etc/GMT+5", "Zulu", "EST"]
  ) {
    assert.equal(zoneOf(name), true, name);
  }
  for (const name of ["local", "us/pacific", "PST", "IST", "+01:00", "America", "Etc/", "utc"]) {
    assert.equal(zoneOf(name), `unknown time zone ${name}`, name);
  }
  for (const name of ["../UTC", "\\UTC", "/UTC"]) {
    assert.equal(zoneOf(name), "time: invalid location name", name);
  }
});
