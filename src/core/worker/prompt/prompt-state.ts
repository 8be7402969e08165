import { dirname, join } from 'node:path';
import { plainText } from '../../kernel/files/plain-file.ts';
import { permissionsIn } from '../../kernel/phases/grants.ts';
import type { BaseChecks } from '../../kernel/phases/proving.ts';
import type { Phase } from '../../kernel/phases/table.ts';
import { MAX_NAMED_FILE_BYTES } from '../../project/finding/open-project.ts';
import { type GitOptions, gitSaysYes } from '../../project/git/git.ts';
import { GIT_ERRORS } from '../../project/git/git-errors.ts';
import { pathInside, realPathAsFar } from '../../project/git/real-path.ts';
import { CHROMIUMS, programOnPath } from '../../sandbox/programs/locate-cli.ts';
import { parsePlan } from '../../session/documents/plan.ts';
import { type AnswersOnRecord, questionHash } from '../../session/documents/qa.ts';
import type { QaQuestion } from '../../session/documents/qa-blocks.ts';
import { isMet } from '../../session/documents/requirements.ts';
import type { SessionState } from '../../session/events/state.ts';
import { documentNames } from '../documents/own-documents.ts';
import { WRAP_UP_NOTE } from '../limits/budget.ts';
import { messagesToRead } from '../record/messages.ts';
import { Evidence, type PlanEvidence } from '../state/evidence.ts';
import { sessionExtensions } from '../state/extension.ts';
import { checksOf, choicesOf, provingOf, stateOf, type Worker } from '../state/worker.ts';
import { WORKER_ERRORS } from '../state/worker-errors.ts';

interface PromptFacts {
  iteration: number;
  phase: Phase;
  /** The provider of the agent; with FALLBACK not always that of the settings. */
  provider: string;
  timeLimitMs: number;
  now: number;
  messageFiles: readonly string[];
  /** Only the reserve of the budget, for wrapping up, is left. */
  wrapUp: boolean;
}

/** The complete input of a prompt. Equal states produce equal bytes. */
export type PromptState = Awaited<ReturnType<typeof promptState>>;

export async function promptState(worker: Worker, facts: PromptFacts) {
  const { file, paths } = worker;
  const { settings } = file;
  const { worktree, progress, notes, goal, feedback, oldRounds, oldPlans, answers, baseChecks } =
    stateOf(worker);
  const evidence = new Evidence(worker);
  const { questions, open } = await evidence.questions();
  return {
    sessionDir: paths.sessionDir,
    workingDir: worktree?.path ?? file.mainRepo,
    phase: facts.phase,
    iteration: facts.iteration,
    provider: facts.provider,
    permissions: permissionsIn(facts.phase, settings.permissions),
    sandbox: (await worker.guard.now()).level,
    timeLimitMs: facts.timeLimitMs,
    now: facts.now,
    worktree,
    task: file.task,
    dive: file.dive,
    goal,
    hasGivenPlan: file.givenPlan !== undefined && goal === undefined,
    chat: goal === undefined && file.chat ? { turns: file.chat.turns } : undefined,
    feedback,
    /** Corrections, failing checks, hand-offs and a person's notes, oldest first. */
    notes: facts.wrapUp ? [WRAP_UP_NOTE, ...notes] : notes,
    messages: await messagesToRead(worker, facts.messageFiles),
    constraints: await constraints(settings.constraintsPath, file.configPath),
    services: (await worker.services?.promptLines(facts.phase)) ?? [],
    checks: checksOf(worker),
    checksIn: provingOf(worker).in,
    setup: provingOf(worker).setup,
    copied: provingOf(worker).copy,
    redBase: redBase(baseChecks, paths.runDir),
    baseRun: baseRun(worker),
    /** The pages of the project that testing can look at; `opened`: by a headless Chromium. */
    pages: facts.phase === 'testing' ? await pages(worker) : 'none',
    documents: documentNames(worker),
    questions: { asked: questions.length, open, answers: answersTo(questions, answers) },
    rules: choicesOf(worker),
    hasChecks: await evidence.hasCommands(),
    plan: promptPlan(await evidence.plan()),
    requirements: promptRequirements(stateOf(worker), await evidence.plan()),
    sections: await extensionSections(worker),
    /** Rounds of questions and plans of earlier goals. */
    earlier: { rounds: oldRounds, plans: oldPlans },
    progress,
  };
}

/** The checks that fail before any work, with the paths of their outputs. */
function redBase(base: BaseChecks | undefined, runDir: string) {
  if (base?.result !== 'red') return undefined;
  const failed = base.failed.map(({ command, how, output }) => ({
    command,
    how,
    output: join(runDir, output),
  }));
  return { failed, choice: base.choice };
}

/** The checks on the base commit where none of them failed, or none has yet. */
function baseRun(
  worker: Worker,
): 'running' | { tookMs: number | undefined; unsteady: readonly string[] } | undefined {
  if (worker.memory.baseRun !== undefined) return 'running';
  const { baseChecks: base } = stateOf(worker);
  return base?.result === 'green' ? { tookMs: base.tookMs, unsteady: base.unsteady ?? [] } : undefined;
}

async function pages(worker: Worker): Promise<'none' | 'some' | 'opened'> {
  const { worktree } = stateOf(worker);
  if (worktree === undefined) return 'some';
  const place = { ...worker.git.context, cwd: worker.file.mainRepo };
  const has = provingOf(worker).application !== undefined || (await servesPages(worktree.branch, place));
  if (!has) return 'none';
  return (await programOnPath(CHROMIUMS, worker.env)) === undefined ? 'some' : 'opened';
}

/** Each question with the recorded answer, as the text of the chosen options. */
function answersTo(questions: readonly QaQuestion[], answers: AnswersOnRecord['answers']): string[] {
  return questions.flatMap((question) => {
    const { id, text, options } = question;
    const given = answers.find((answer) => answer.id === id && answer.question === questionHash(question));
    if (given === undefined) return [];
    const letters = given.text.split(', ');
    const chosen = options.filter(({ letter }) => letters.includes(letter)).map((option) => option.text);
    return [`${id} ${text} → ${chosen.join('; ') || given.text}`];
  });
}

function promptPlan({ version, text, outcome }: PlanEvidence) {
  if (version === undefined || text === undefined) return undefined;
  const { phases, testing } = parsePlan(text);
  return { name: version.name, outcome, phases, testing };
}

async function extensionSections(worker: Worker): Promise<string[]> {
  const sections = await Promise.all(sessionExtensions.items.map((each) => each.promptSection?.(worker)));
  return sections.filter((section) => section !== undefined);
}

function promptRequirements(state: SessionState, { requirements }: PlanEvidence) {
  return requirements.map((each) => {
    return { id: each.id, check: each.check, isMet: isMet(each, state) };
  });
}

async function constraints(path: string | undefined, configPath: string) {
  if (path === undefined) return undefined;
  const text = await constraintsText(path, configPath);
  if (text === undefined) throw WORKER_ERRORS.constraints_gone({ path });
  return { path, text };
}

/** A commit can have put a link in its place since the start. */
async function constraintsText(path: string, configPath: string): Promise<string | undefined> {
  const folder = dirname(configPath);
  const real = await realPathAsFar(path);
  const ledOut =
    pathInside(folder, path) !== undefined && pathInside(await realPathAsFar(folder), real) === undefined;
  return ledOut ? undefined : await plainText(real, MAX_NAMED_FILE_BYTES);
}

/** Of a search that must not delay an agent. */
const LIMIT_MS = 10_000;

/** Whether a branch contains a web page, or a program that answers with one. */
export async function servesPages(branch: string, options: GitOptions): Promise<boolean> {
  const words = ['-e', '<html', '-e', 'text/html'];
  try {
    const limited = { ...options, timeoutMs: LIMIT_MS };
    const ref = `refs/heads/${branch}`;
    const isThere = await gitSaysYes(['show-ref', '--verify', '--quiet', ref], limited);
    return isThere && (await gitSaysYes(['grep', '-qIi', ...words, ref], limited));
  } catch (error) {
    // A repository that is too large to be searched may have some.
    if (GIT_ERRORS.git_timeout.is(error)) return true;
    throw error;
  }
}
