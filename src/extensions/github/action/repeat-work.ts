import { dirname, join } from 'node:path';
import { claimsOf, repeatProof, type TrustedCommands } from '../../../core/acts/proof/repeat-proof.ts';
import {
  claimWords,
  DIFFERENCES,
  type Difference,
  type RepeatedCheck,
  type Repetition,
  requirementWords,
  verdictWords,
} from '../../../core/acts/proof/repetition.ts';
import { systemClock } from '../../../core/kernel/clock.ts';
import { openWords } from '../../../core/kernel/phases/proving.ts';
import { capitalised } from '../../../core/kernel/text.ts';
import { gitLine } from '../../../core/project/git/git.ts';
import { textIn } from '../../../core/project/git/repository.ts';
import { runOnClone } from '../../../core/project/proving/run-on-clone.ts';
import { projectRows } from '../../../core/project/settings/project-rows.ts';
import { problemsIn, readRows } from '../../../core/project/settings/read-settings.ts';
import { code } from '../../../core/session/documents/markdown-lines.ts';
import { lastLinesOf, list } from '../../../core/session/proof/proof-markdown.ts';
import { EVENT_ERRORS } from './event-errors.ts';
import { BASE_REF, repositoryFolder } from './fetch-work.ts';
import { type EventSubject, readEvent } from './read-event.ts';
import { addSummary, environmentOfChecks, type Runner, setOutputs } from './runner.ts';

/**
 * Repeats the proof in the description of a pull request with the commands of its base branch, and reports the result.
 * @returns whether nothing differs
 */
export async function repeatWork(runner: Runner): Promise<boolean> {
  const subject = readEvent(runner);
  const { head, text } = subject;
  const { believed, unlike, ...commands } = await believedCommands(subject, runner);
  const mainRepo = repositoryFolder(runner);
  const git = { baseEnv: runner.env };
  const base = await gitLine(['rev-parse', `${BASE_REF}${believed}`], { ...git, cwd: mainRepo });
  const env = environmentOfChecks(runner);
  const folder = dirname(mainRepo);
  const run = async (commit: string, checks: readonly string[]) => {
    const set = {
      name: 'clone',
      mainRepo,
      commit,
      branch: 'samocode-proof',
      base,
      commands: checks,
      proving: { setup: commands.setup, copy: [], timeoutMs: commands.timeoutMs },
      scratch: join(folder, 'scratch'),
      outputDir: join(folder, 'outputs'),
      outputRoot: folder,
      signal: runner.signal,
      begins: (command: string) => runner.log(`running ${command}`),
      placeIn: () => ({ env }),
    };
    const cloneFailed = (problem: string) => EVENT_ERRORS.work_not_cloned({ problem });
    const end = await runOnClone(set, { clock: systemClock, context: git }, cloneFailed);
    for (const { command, how, lastLines } of end.failures) runner.log(`${command}: ${how}\n${lastLines}`);
    return end;
  };
  const claims = claimsOf(text, { mainRepo, git, head });
  const repeated = await repeatProof(claims, { ...commands, base }, run);
  const repetition = unlike === undefined ? repeated : onlyPartly(repeated, unlike);
  runner.log(verdictWords(repetition, code));
  addSummary(runner, repetitionSummary(repetition, { ...subject, believed }));
  setOutputs(runner, { result: repetition.result, commit: head });
  return repetition.result !== 'differs';
}

interface BranchCommands extends Omit<TrustedCommands, 'base'> {
  timeoutMs: number;
}

interface BelievedCommands extends BranchCommands {
  /** The branch that answers for them, and for what was red before. */
  believed: string;
  /** What is left open: the base branch would run others. */
  unlike?: string;
}

/**
 * The commands to run: the workflow's own, otherwise those in the `.samocode` of the base branch, if it is the default
 * branch or named by the workflow. Any other may be one that an agent wrote: then those of the default branch run.
 */
async function believedCommands(
  { baseBranch, defaultBranch }: EventSubject,
  runner: Runner,
): Promise<BelievedCommands> {
  const { env } = runner;
  const ofBase = await commandsOf(baseBranch, runner);
  const isBelieved =
    baseBranch === defaultBranch ||
    linesOf(env.SAMOCODE_CHECKS).length > 0 ||
    linesOf(env.SAMOCODE_BRANCHES).some((pattern) => isNamedBy(pattern, baseBranch));
  const ofDefault = isBelieved ? ofBase : await commandsOf(defaultBranch, runner);
  const commands = ofDefault.checks.length > 0 ? ofDefault : ofBase;
  if (commands.checks.length === 0) throw EVENT_ERRORS.no_base_checks({ branch: baseBranch });
  const [base, trusted] = [shownCommands(ofBase), shownCommands(ofDefault)];
  return {
    ...commands,
    believed: isBelieved ? baseBranch : defaultBranch,
    ...(base !== trusted && {
      unlike: `${baseBranch} is neither the default branch nor named under "branches:" in the workflow, and has other commands: ${base}; ${defaultBranch} has ${trusted}`,
    }),
  };
}

function shownCommands({ setup, checks }: BranchCommands): string {
  const lines = [
    ...(setup === undefined ? [] : [`SETUP=${setup}`]),
    ...checks.map((check) => `CHECK=${check}`),
  ];
  return lines.join(', ') || 'none';
}

/** `*` stands for anything but a slash, `**` for anything, as in the `branches:` of a workflow's events. */
function isNamedBy(pattern: string, branch: string): boolean {
  const literal = pattern.replaceAll(/[^\w/*-]/g, String.raw`\$&`);
  return new RegExp(`^${literal.replaceAll(/\*{1,2}/g, (stars) => (stars === '*' ? '[^/]*' : '.*'))}$`).test(
    branch,
  );
}

function linesOf(text = ''): string[] {
  const lines = text.split('\n').map((line) => line.trim());
  return lines.filter(Boolean);
}

/** The workflow's own commands, otherwise those in the `.samocode` that a branch tracks, if any. */
async function commandsOf(branch: string, runner: Runner): Promise<BranchCommands> {
  const { env } = runner;
  const options = { baseEnv: env, cwd: repositoryFolder(runner) };
  const text = (await textIn(`${BASE_REF}${branch}`, '.samocode', options)) ?? '';
  // The environment and home folder of the job must not supply project settings.
  const texts = { projectFile: { path: '/.samocode', text }, env: {}, homeDir: '/' };
  const all = projectRows();
  const used = { checks: all.checks, setup: all.setup, checkTimeoutSeconds: all.checkTimeoutSeconds };
  const { readings, values } = readRows(texts, used);
  const [problem] = problemsIn({ readings });
  if (problem !== undefined) throw problem;
  const ofWorkflow = linesOf(env.SAMOCODE_CHECKS);
  const checks = ofWorkflow.length > 0 ? ofWorkflow : values.checks.map(({ command }) => command);
  const setup = env.SAMOCODE_SETUP?.trim() || values.setup;
  return { setup, checks, timeoutMs: values.checkTimeoutSeconds * 1000 };
}

function onlyPartly(repetition: Repetition, unlike: string): Repetition {
  if (repetition.result === 'differs') return repetition;
  const partly = [repetition.partly, unlike].filter((text) => text !== undefined).join('; ');
  return { ...repetition, result: 'partly', partly };
}

/** The job summary for a reviewer. Texts from outside are formatted as code, so that their Markdown has no effect. */
function repetitionSummary(
  repetition: Repetition,
  { head, baseBranch, believed }: EventSubject & Pick<BelievedCommands, 'believed'>,
): string {
  const { checks, differences, notRepeated, requirements } = repetition;
  return [
    '# Proof, repeated',
    `**${capitalised(verdictWords(repetition, code))}.**`,
    `The commands come from the workflow or from ${code(believed)} and ran on a fresh clone of ${code(head)}.`,
    ...(believed === baseBranch
      ? []
      : [
          `The base ${code(baseBranch)} is neither the default branch nor named under "branches:" in the workflow, so ${code(believed)} also answers for what was red before.`,
        ]),
    ...section('Differences', differences.map(differenceLine)),
    ...differences.flatMap(outputOf),
    ...section(
      'Requirements',
      requirements.map((each) => requirementWords(each, code)),
    ),
    ...section('Checks', checks.map(checkLine)),
    ...section(
      'Not repeated',
      notRepeated.map((claim) => `${code(claim.command)}: ${claimWords(claim)}`),
    ),
  ].join('\n\n');
}

function section(heading: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [`## ${heading}`, list(lines)];
}

function differenceLine({ what, about, expected, found }: Difference): string {
  const of = about === undefined ? '' : ` of ${code(about)}`;
  return `${capitalised(DIFFERENCES[what])}${of}: expected ${code(expected)}, found ${code(found)}`;
}

function outputOf({ about = '', lastLines }: Difference): string[] {
  return lastLines ? [lastLinesOf(about, lastLines)] : [];
}

function checkLine({ command, isSetup, found, expected, durationMs = 0, ...claimed }: RepeatedCheck): string {
  const status = found === undefined ? 'did not run' : `exit status ${found ?? 'none'}`;
  const open = openWords(claimed);
  const passed = found === 0 ? '✔ passed' : open ? `! ${open}` : `✘ ${status}`;
  const claim = expected === undefined ? ', not in the proof' : '';
  return `${passed}: ${isSetup ? 'SETUP ' : ''}${code(command)}, ${(durationMs / 1000).toFixed(1)} s${claim}`;
}
