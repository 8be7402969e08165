import * as z from 'zod';
import { zoneNamed } from '../../core/kernel/zone.ts';
import { By } from '../../core/session/events/bodies/who-acted.ts';

/** As `Date.getUTCDay` numbers them. */
export const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const;
export type Weekday = (typeof WEEKDAYS)[number];

const When = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('times'),
    days: z.array(z.enum(WEEKDAYS)).min(1),
    /** `02:00`, in ascending order. */
    times: z.array(z.string().regex(/^(?:[01]\d|2[0-3]):[0-5]\d$/)).min(1),
    /** The IANA name of the zone in which the times are meant. */
    zone: z.string().refine((name) => zoneNamed(name) !== undefined),
  }),
  /** When the checks of a push to the base branch have failed; once per commit. */
  z.object({ kind: z.literal('ci-failed') }),
]);
export type When = z.infer<typeof When>;
export type TimesOfWeek = Extract<When, { kind: 'times' }>;

const RecurringWork = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('task'), task: z.string() }),
  /** `plan`: the absolute path of a Markdown file with check boxes, read again for each run. */
  z.object({ kind: z.literal('plan'), plan: z.string(), task: z.string().optional() }),
  /** Each run works on one open issue with this label. */
  z.object({ kind: z.literal('label'), label: z.string() }),
]);
export type RecurringWork = z.infer<typeof RecurringWork>;

const RecurringChoices = z.object({
  base: z.string().optional(),
  group: z.string().optional(),
  autoApprove: z.boolean().optional(),
  acceptSuggestions: z.boolean().optional(),
  quick: z.boolean().optional(),
  review: z.boolean().optional(),
  sandbox: z.string().optional(),
  /** Values of settings for each session; the start of a session validates them. */
  settings: z.record(z.string(), z.unknown()).optional(),
});

const RecurringLimits = z.object({
  /** The cost of one run in US dollars, at which its session asks its person. */
  costRunUsd: z.number().positive().optional(),
  /** The cost of all runs together: no run starts beyond it. */
  costTotalUsd: z.number().positive().optional(),
  /** The number of sessions. */
  runs: z.int().positive().optional(),
});
export type RecurringLimits = z.infer<typeof RecurringLimits>;

const Paused = z.object({ at: z.iso.datetime(), why: z.string() });
export type Pause = z.infer<typeof Paused> & { by: 'person' | 'supervisor' };

/** `recurring.json`: what a person wants. Written by the acts of a person alone. */
export const Recurring = z.object({
  v: z.literal(1),
  id: z.string(),
  name: z.string(),
  /** The `.samocode` of its project. */
  project: z.string(),
  /** The identity of the supervisor that starts its runs: machines can share a home folder. */
  supervisor: z.string(),
  when: When,
  work: RecurringWork,
  choices: RecurringChoices,
  limits: RecurringLimits,
  /** How late a run may start. */
  catchUpMs: z.number().nonnegative(),
  /** Whether a run starts although the last one works or waits for its person. */
  overlap: z.boolean(),
  createdAt: z.iso.datetime(),
  by: By,
  /** By its person. */
  paused: Paused.optional(),
  /** How often its person has resumed it: a pause by the supervisor counts until the next time. */
  resumes: z.int().nonnegative(),
  /** What was due while it was paused is not made up for. */
  resumedAt: z.iso.datetime().optional(),
  /** The commit whose checks had failed before it was created or resumed: that starts no run. */
  seen: z.string().optional(),
});
export type Recurring = z.infer<typeof Recurring>;

/**
 * How a run ended, or where it is. `unchanged`: done without a commit, and archived; `idle`: there was nothing to work
 * on; `gone`: its session was removed.
 */
const RUN_RESULTS = [
  'works',
  'waits',
  'done',
  'unchanged',
  'failed',
  'stopped',
  'skipped',
  'idle',
  'gone',
] as const;
export type RunResult = (typeof RUN_RESULTS)[number];

const RunRecord = z.object({
  /** The time at which it was due (ISO, UTC), or the commit whose checks failed. */
  run: z.string(),
  result: z.enum(RUN_RESULTS),
  /** When it started, or was skipped. */
  at: z.iso.datetime(),
  /** The number of runs in a row that were skipped, or had nothing to do, up to this one. */
  skipped: z.int().positive().optional(),
  session: z.string().optional(),
  sessionsDir: z.string().optional(),
  costUsd: z.number().optional(),
  /** The limit for its cost. */
  maxUsd: z.number().optional(),
  iterations: z.int().optional(),
  /** Why it failed or was skipped, or what it did: one line, which can contain text of an agent. */
  text: z.string().optional(),
  /** Also of a session that was removed after it failed or was stopped. */
  archived: z.literal(true).optional(),
  /** It has changed nothing, and is still to be archived. Written first, so that a crash leaves no branch. */
  archiving: z.literal(true).optional(),
  /** `resumes` of the definition when it started. */
  resumes: z.int().nonnegative(),
});
export type RecurringRunRecord = z.infer<typeof RunRecord>;

/** `runs`: those that have had a session. */
const RunTotals = z.object({ runs: z.int(), costUsd: z.number(), iterations: z.int() });
export type RunTotals = z.infer<typeof RunTotals>;

/** `state.json`: what has happened. Written by the supervisor alone. */
export const RecurringState = z.object({
  v: z.literal(1),
  /** What was due up to this time has been started or skipped. */
  consideredTo: z.iso.datetime(),
  /** Why nothing could be started since that time; tried again until it can. `resumes`: as of a run. */
  problem: z
    .object({ at: z.iso.datetime(), text: z.string(), tries: z.int(), resumes: z.int().nonnegative() })
    .optional(),
  /** The newest ones, oldest first. */
  runs: z.array(RunRecord),
  /** Of the runs that are not in the list any more. */
  older: RunTotals,
  /** By the supervisor; in force while the definition has been resumed exactly `resumes` times. */
  paused: Paused.extend({ resumes: z.int().nonnegative() }).optional(),
});
export type RecurringState = z.infer<typeof RecurringState>;

/** A recurring session as people see it. */
export interface RecurringReport {
  recurring: Recurring;
  /** Newest first. */
  runs: readonly RecurringRunRecord[];
  /** Of all runs, including those that are not in the list any more. */
  totals: RunTotals;
  paused?: Pause;
  /** Why nothing can be started; the supervisor tries again. */
  problem?: string;
  /** The supervisor of another machine, which shares the home folder, starts its runs. */
  elsewhere?: true;
  /** The next times at which it is due (ISO, UTC); empty while it is paused, and for `ci-failed`. */
  next: readonly string[];
}
