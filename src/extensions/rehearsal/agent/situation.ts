import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import * as z from 'zod';
import { ifExists } from '../../../core/kernel/errors.ts';
import { parseJson } from '../../../core/kernel/parse-json.ts';
import { documentText } from '../../../core/session/documents/documents.ts';
import { oneLine } from '../../../core/session/documents/markdown-lines.ts';
import { readOverview } from '../../../core/session/documents/overview.ts';
import { currentPlanOf, parsePlan } from '../../../core/session/documents/plan.ts';
import { answerText, parseAnswer, parseQa } from '../../../core/session/documents/qa.ts';
import type { QaQuestion } from '../../../core/session/documents/qa-blocks.ts';
import { TASK_ID } from '../../../core/session/documents/requirements.ts';
import { nameWithoutDate } from '../../../core/session/layout/names.ts';
import type { PromptFacts } from './read-prompt.ts';
import { runAsAgent } from './run-as-agent.ts';
import type { Occasion, Scenario } from './scenario.ts';
import { storyTexts } from './story.ts';

export type Situation = Awaited<ReturnType<typeof readSituation>>;

/** Reads this iteration's session folder with the worker's readers. */
export async function readSituation(facts: PromptFacts) {
  const { sessionDir, phase, iteration } = facts;
  const read = async (name: string) => (await documentText(join(sessionDir, name))) ?? '';
  const namesIn = (folder: string) => readdir(join(sessionDir, folder)).catch(() => []);
  const { questions } = parseQa(await read('_qa.md'));
  const overview = readOverview(await read('_overview.md'));
  const planName = facts.planName ?? currentPlanOf(await namesIn('.'), '', []);
  const phases = planName === undefined ? [] : parsePlan(await read(planName)).phases;
  const logs = (await namesIn('_logs')).filter((name) => name.endsWith(`-${phase}.jsonl`));
  const isOpen = questions.some(({ answer }) => answer === undefined);
  const last = (pattern: RegExp) => overview.flow.findLastIndex((line) => pattern.test(line));
  const occasion: Occasion = {
    phase,
    iteration,
    // The worker opens an agent's log before it starts the agent, so the current one is included.
    count: Math.max(1, logs.length),
    questions: questions.length === 0 ? 'none' : isOpen ? 'open' : 'answered',
    planPhase: phases.find(({ completed }) => !completed)?.number ?? (phases.length > 0 ? 'done' : 'none'),
    reviewed: last(/\] Quality review\b/) > last(/\] (?:Phase \d+ done|Looked again)\b/),
  };
  return { facts, occasion, questions, overview, planName };
}

/** Values for `%{name}` in a scenario. */
export type Words = Record<string, string>;

export async function readWords(
  { facts, questions, overview }: Situation,
  { answers: forms, story }: Scenario,
): Promise<Words> {
  const { sessionDir, workingDir, goal, feedback, stamps, mayBeDone } = facts;
  const git = async (...args: string[]) => (await runAsAgent('git', args, { cwd: workingDir })).stdout.trim();
  const [listed, branch, log, tests] = await Promise.all([
    git('ls-files'),
    git('branch', '--show-current'),
    git('log', '-8', '--format=- %h %s'),
    testsOf(workingDir),
  ]);
  const [, head = ''] = log.split(' ', 2);
  const files = listed.split('\n').map((name) => `- \`${name}\``);
  const answers = questions.map((question) => ({ question, answer: chosen(question, forms[question.id]) }));
  const words: Words = {
    ...Object.fromEntries(answers.map(({ question, answer }) => [question.id, answer])),
    answers: answers.map(({ question, answer }) => `- ${oneLine(question.text)} ${answer}`).join('\n'),
    branch,
    head,
    commits: log,
    ...tests,
    slug: nameWithoutDate(basename(sessionDir)),
    task: goal || overview.task || 'The overview names no task.',
    feedback: oneLine(feedback),
    stamp: stamps.log,
    files: files.slice(0, 40).join('\n'),
    count: String(files.length),
    // Work that must be reviewed does not end by its own agent.
    status: mayBeDone ? 'done' : 'continue',
    reviewer: mayBeDone ? '' : 'quality',
    oldTests: facts.oldTests,
  };
  const ofTask: Words = facts.reviewsTask ? { reviewed: TASK_ID } : {};
  return { ...fill(storyTexts(story), words), ...words, ...ofTask };
}

/** Fills the values into every text of an act; drops lines with an empty value. */
export function fill<T>(value: T, words: Words): T {
  if (Array.isArray(value)) return value.map((one) => fill(one, words)) as T; // the shape stays the same, here and below
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, fill(one, words)])) as T;
  if (typeof value !== 'string') return value;
  const lines = value.split('\n').flatMap((line) => {
    const names = [...line.matchAll(WORD)].map(([, name = '']) => name);
    if (names.some((name) => !words[name])) return [];
    return [line.replace(WORD, (_all, name: string) => words[name] ?? '')];
  });
  return lines.join('\n') as T;
}

const WORD = /%\{(\w+)\}/g;

/** The answer as text: letters are replaced with the text of their options. */
function chosen(question: QaQuestion, form = '.+'): string {
  const suggested = inWords(question, question.suggestion?.letters ?? ['A']);
  const parsed = parseAnswer(question, question.answer ?? '');
  if (parsed.kind === 'invalid') return suggested;
  const answer = parsed.kind === 'letters' ? inWords(question, parsed.letters) : oneLine(answerText(parsed));
  return new RegExp(form).exec(answer)?.[0] ?? suggested;
}

function inWords({ options }: QaQuestion, letters: readonly string[]): string {
  const picked = options.filter(({ letter }) => letters.includes(letter));
  return picked.map(({ text }) => text).join(', ');
}

const packages = z.record(z.string(), z.unknown()).default({});
const Manifest = z.object({
  scripts: z.object({ test: z.string() }),
  dependencies: packages,
  devDependencies: packages,
});

/** The repository's test command and its source, or an empty command and the reason why there is none. */
async function testsOf(root: string): Promise<Words> {
  const read = async (name: string) => (await ifExists(readFile(join(root, name), 'utf8'))) ?? '';
  const words = (tests: string, testCommand = '') => ({ tests, testCommand });
  const manifest = Manifest.safeParse(parseJson(await read('package.json'))).data;
  if (manifest && !manifest.scripts.test.includes('no test specified')) {
    const needed = { ...manifest.dependencies, ...manifest.devDependencies };
    return Object.keys(needed).length > 0 && !existsSync(join(root, 'node_modules'))
      ? words('No tests were run: the packages that `npm test` needs are not installed (SETUP can do that)')
      : words(`\`${manifest.scripts.test}\`, from package.json`, manifest.scripts.test);
  }
  if (/^test:/m.test(await read('Makefile'))) return words('`make test`, from the Makefile', 'make test');
  return words('No tests were run: neither package.json nor a Makefile names a test command');
}
