import { readFile } from 'node:fs/promises';
import { isAbsolute } from 'node:path';
import { pathToFileURL } from 'node:url';
import * as z from 'zod';
import { PHASE_NAMES } from '../phases/table.ts';
import { RehearsalSetupError } from './setup-error.ts';

const milliseconds = z.number().nonnegative();

/**
 * Where a file is: `qa`, `overview`, `signal`, `history`, `session:<name>`, `worktree:<path>` or
 * `abs:<absolute path>`.
 */
const Place = z.string().regex(/^(?:qa|overview|signal|history|(?:session|worktree|abs):.+)$/);

const Writing = {
  path: Place,
  text: z.string(),
  append: z.boolean().default(false),
};

/** One thing that a child does; they are done in order. docs: tests/difficult-children/README.md. */
export const Act = z.discriminatedUnion('act', [
  z.strictObject({
    act: z.literal('normal'),
    signal: z.boolean().default(true),
    result: z.boolean().default(true),
  }),
  z.strictObject({ act: z.literal('close-without-signal') }),
  z.strictObject({ act: z.literal('hold-after-result'), ms: milliseconds.default(3_600_000) }),
  z.strictObject({ act: z.literal('hang'), ms: milliseconds.default(3_600_000) }),
  z.strictObject({ act: z.literal('sleep'), ms: milliseconds }),
  z.strictObject({ act: z.literal('exit'), code: z.int().min(0).max(255) }),
  z.strictObject({
    act: z.literal('kill-self'),
    signal: z
      .string()
      .regex(/^SIG[A-Z0-9]+$/)
      .default('SIGKILL'),
  }),
  z.strictObject({ act: z.literal('ignore-term') }),
  z.strictObject({
    act: z.literal('fork'),
    count: z.int().min(1).max(500).default(1),
    setsid: z.boolean().default(false),
    ignoreTerm: z.boolean().default(false),
    scrubEnv: z.boolean().default(false),
    ms: milliseconds.default(600_000),
  }),
  z.strictObject({
    act: z.literal('daemon'),
    thenAfterMs: milliseconds,
    write: z.strictObject(Writing),
    ignoreTerm: z.boolean().default(false),
    scrubEnv: z.boolean().default(false),
  }),
  z.strictObject({
    act: z.literal('print'),
    bytes: z.int().positive(),
    shape: z.enum(['plain', 'event', 'one-line']).default('plain'),
    to: z.enum(['stdout', 'stderr']).default('stdout'),
  }),
  z.strictObject({ act: z.literal('event'), json: z.record(z.string(), z.unknown()) }),
  z.strictObject({ act: z.literal('result'), json: z.record(z.string(), z.unknown()).default({}) }),
  z.strictObject({ act: z.literal('limit'), resetsInSeconds: z.number().optional() }),
  z.strictObject({ act: z.literal('signal-file'), text: z.string() }),
  z.strictObject({ act: z.literal('write'), ...Writing, pieceEveryMs: milliseconds.optional() }),
  z.strictObject({ act: z.literal('remove'), path: Place }),
  z.strictObject({ act: z.literal('answer-qa'), answer: z.string().optional() }),
  z.strictObject({ act: z.literal('set-phase'), phase: z.string() }),
  z.strictObject({ act: z.literal('run'), command: z.array(z.string()).min(1) }),
  z.strictObject({ act: z.literal('script'), path: z.string() }),
]);
export type Act = z.infer<typeof Act>;

const Rule = z.strictObject({
  when: z
    .strictObject({
      iteration: z.union([z.int().positive(), z.array(z.int().positive())]).optional(),
      phase: z.enum(PHASE_NAMES).optional(),
      /** The nth child of that phase, from 1. */
      count: z.int().positive().optional(),
    })
    .default({}),
  do: z.array(Act),
});

export const Scenario = z.strictObject({
  about: z.string().optional(),
  /** Absolute path of the file that every child notes its start and end in. */
  trace: z.string().refine(isAbsolute, 'must be an absolute path').optional(),
  paceMs: milliseconds.optional(),
  rules: z.array(Rule).default([]),
});
export type Scenario = z.infer<typeof Scenario>;

/** Which child this is. */
export interface Occasion {
  iteration: number;
  phase: string;
  /** How many children of this phase there were, this one included. */
  count: number;
}

/** What the first fitting rule says; the normal work where none fits. */
export function actsFor(scenario: Scenario, occasion: Occasion): readonly Act[] {
  const rule = scenario.rules.find(({ when }) => {
    const iterations = when.iteration === undefined ? undefined : [when.iteration].flat();
    if (iterations && !iterations.includes(occasion.iteration)) return false;
    if (when.phase && when.phase !== occasion.phase) return false;
    return when.count === undefined || when.count === occasion.count;
  });
  return rule?.do ?? [{ act: 'normal', signal: true, result: true }];
}

/**
 * Reads a scenario: a JSON file, or an .mjs module whose default export is the same object.
 * @throws RehearsalSetupError that names the file and the first thing wrong with it
 */
export async function readScenario(path: string): Promise<Scenario> {
  try {
    return Scenario.parse(
      path.endsWith('.mjs') ? await importDefault(path) : JSON.parse(await readFile(path, 'utf8')),
    );
  } catch (error) {
    const issue = error instanceof z.ZodError ? error.issues[0] : undefined;
    const why = issue
      ? `${issue.path.join('.')}: ${issue.message}`
      : error instanceof Error
        ? error.message
        : '';
    throw new RehearsalSetupError(`the scenario ${path} cannot be used: ${why}`, error);
  }
}

async function importDefault(path: string): Promise<unknown> {
  const module: { default?: unknown } = await import(pathToFileURL(path).href);
  return module.default;
}
