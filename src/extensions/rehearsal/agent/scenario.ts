import { readFile } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import * as z from 'zod';
import { PHASE_NAMES } from '../../../core/kernel/phases/table.ts';
import { DOCUMENT_KINDS, type DocumentKind } from '../../../core/session/documents/documents.ts';
import { Requirement } from '../../../core/session/documents/requirements.ts';
import honestWork from './honest-work.json' with { type: 'json' };
import { SetupError } from './read-prompt.ts';

const milliseconds = z.number().nonnegative();
const no = z.boolean().default(false);
const yes = z.boolean().default(true);

const documentKinds = Object.keys(DOCUMENT_KINDS) as DocumentKind[]; // TypeScript types the keys as string

const Question = z.strictObject({
  text: z.string(),
  options: z.array(z.string()).min(2),
  suggestion: z.strictObject({ letters: z.array(z.string()), reason: z.string() }),
});

export const act = <Name extends string, Fields extends z.ZodRawShape>(name: Name, fields: Fields) =>
  z.strictObject({ act: z.literal(name), ...fields });

/** By name. Their form is that of the act; they return an exit code if they end the process. */
export type FurtherActs = Record<string, { form: z.ZodObject; play(act: never, context: never): unknown }>;

/** None in the published program: those of tests do what a process can do wrong. */
export const furtherActs: FurtherActs = {};

export const HONEST_ACTS = [
  act('normal', { signal: yes, result: yes }),
  // Honest work. In its texts, `%{name}` is replaced with a word from `situation.ts`.
  act('say', { text: z.string() }),
  act('ask', {}),
  act('document', {
    kind: z.enum(documentKinds),
    title: z.string().default('%{slug}'),
    sections: z.record(z.string(), z.string()),
  }),
  act('ledger', {}),
  act('edit', {
    path: z.string(),
    /** A string or a list of lines. */
    text: z
      .union([z.string(), z.array(z.string())])
      .transform((text) => [text].flat().join('\n'))
      .prefault(''),
    append: no,
    replace: z.array(z.tuple([z.string(), z.string()])).default([]),
  }),
  act('check', { command: z.string(), mayFail: no }),
  act('commit', { subject: z.string() }),
  act('tick', {}),
  act('end', { did: z.string(), signal: z.record(z.string(), z.string()) }),
] as const;
export type ScenarioAct = z.infer<(typeof HONEST_ACTS)[number]>;

/** One action of an agent; they run in order. */
const ScenarioAct: z.ZodType<ScenarioAct> = z.lazy(() => {
  const further = Object.values(furtherActs).map(({ form }) => form as never);
  return z.discriminatedUnion('act', [...HONEST_ACTS, ...further]);
});

/** Selects iterations; all given fields must match. */
const When = z.strictObject({
  iteration: z.union([z.int().positive(), z.array(z.int().positive())]).optional(),
  phase: z.enum(PHASE_NAMES).optional(),
  /** The nth iteration of that phase, from 1. */
  count: z.int().positive().optional(),
  questions: z.enum(['none', 'open', 'answered']).optional(),
  /** The next plan phase. */
  planPhase: z.union([z.int().positive(), z.enum(['none', 'done'])]).optional(),
  /** Whether a review followed the last plan phase. */
  reviewed: z.boolean().optional(),
});

/** The facts about this iteration that rules match. */
export type Occasion = Required<z.infer<typeof When>>;

const Rule = z.strictObject({ when: When.default({}), do: z.array(ScenarioAct) });
export type Rule = z.infer<typeof Rule>;

/** Honest work, phase by phase; `story.ts` turns it into rules. */
const Story = z.strictObject({
  title: z.string().default('%{slug}'),
  questions: z.array(Question).min(1),
  outOfScope: z.string().default('- Everything that the task does not name'),
  requirements: z.array(Requirement).min(1),
  context: z.string(),
  /** Why nothing can be tested, for work that changes no code. */
  testing: z.string().optional(),
  phases: z
    .array(
      z.strictObject({
        name: z.string(),
        /** Files to change and commit. */
        files: z.array(z.string()).default([]),
        check: z.string().default(''),
        steps: z.array(z.string()).min(1),
        /** Played before the first check, which is allowed to fail. */
        first: z.array(ScenarioAct).default([]),
        does: z.array(ScenarioAct),
      }),
    )
    .min(1),
});
export type Story = z.infer<typeof Story>;

/** The rules for what an honest agent does in every story. */
export function honestRules(): Rule[] {
  return z.array(Rule).parse(honestWork.rules);
}

export const Scenario = z.strictObject({
  about: z.string().optional(),
  paceMs: milliseconds.optional(),
  /** Regular expressions by question, for the part of an answer to use; if none matches, the suggestion. */
  answers: z.record(z.string(), z.string()).default({}),
  /** Played if no rule matches; by default, work that suits any repository. */
  story: Story.prefault(honestWork.story as z.input<typeof Story>), // JSON imports type the names of acts as string
  rules: z.array(Rule).default([]),
});
export type Scenario = z.infer<typeof Scenario>;

/** The acts of the first matching rule; undefined if none matches. */
export function actsFor(rules: readonly Rule[], occasion: Occasion): readonly ScenarioAct[] | undefined {
  const facts = new Map<string, unknown>(Object.entries(occasion));
  const fits = ({ when }: Rule) =>
    Object.entries(when).every(([name, wanted]) => [wanted].flat().includes(facts.get(name) as never));
  return rules.find(fits)?.do;
}

/**
 * Reads a scenario: a JSON file, or an .mjs module whose default export is the same object. Without a path, honest
 * work.
 * @throws SetupError with the file and its first problem
 */
export async function readScenario(path: string): Promise<Scenario> {
  try {
    if (path === '') return Scenario.parse({});
    if (!path.endsWith('.mjs')) return Scenario.parse(JSON.parse(await readFile(path, 'utf8')));
    const module: { default?: unknown } = await import(pathToFileURL(path).href);
    return Scenario.parse(module.default);
  } catch (error) {
    const issue = error instanceof z.ZodError ? error.issues[0] : undefined;
    const why = issue ? `${issue.path.join('.')}: ${issue.message}` : String(error);
    throw new SetupError(`the scenario ${path} cannot be used: ${why}`);
  }
}
