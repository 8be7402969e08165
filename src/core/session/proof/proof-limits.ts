import type { OldTests } from '../../kernel/phases/decision.ts';
import {
  type BaseChecks,
  cutTests,
  RED_AFTER,
  redAfter,
  UNSTEADY,
  unsteadyIn,
} from '../../kernel/phases/proving.ts';
import { capitalised, listed } from '../../kernel/text.ts';
import { code } from '../documents/markdown-lines.ts';
import { TASK_ID } from '../documents/requirements.ts';
import type { By, Channel } from '../events/bodies/who-acted.ts';
import { unlikeText, unnoticedIn } from './bite-words.ts';
import type { SessionProof } from './proof.ts';

const MAX_NAMED = 10;

/** The gaps in the proof, and the points that a reviewer should check. @param mostFiles how many it names */
export function proofLimits(proof: SessionProof, mostFiles = MAX_NAMED): string[] {
  const { checks, agents, testing, outsidePlan = [], requirements = [] } = proof;
  const reviewed = requirements.flatMap(({ id, reviewer }) => (reviewer ? [id] : []));
  const partly = provedPartly(proof);
  const isOpen = [checks?.sandbox, ...agents.map(({ sandbox }) => sandbox)].includes('none');
  return [
    ...(partly === undefined ? [] : [`${capitalised(partly)}.`]),
    ...(testing === undefined
      ? []
      : [`By the approved plan, the work may skip its testing: ${code(testing)}.`]),
    ...(checks === undefined ? ['No command has checked this work.'] : []),
    ...(checks?.in === 'worktree'
      ? ['Uncommitted and ignored files took part in the checks (CHECK_IN=worktree).']
      : []),
    ...(reviewed.length > 0 ? [`Shown by the review of an agent alone: ${reviewed.join(', ')}.`] : []),
    ...quickLimits(proof),
    ...unprovenGates(proof),
    ...(isOpen ? ['The agents ran without a guard: the home folder was open to them.'] : []),
    ...(checks?.unsigned ? [unsignedWords(checks.unsigned, proof.baseCommit)] : []),
    ...oldTestsLimits(proof, mostFiles),
    ...biteLimits(proof),
    ...changedChecks(proof),
    ...(outsidePlan.length > 0
      ? [`Changed, and not named in the plan: ${listed(outsidePlan.map(code), mostFiles)}.`]
      : []),
  ];
}

/** Names the gaps in a proof's checks, without a full stop; undefined: every check of the project passed. */
export function provedPartly({ checks: set, baseChecks, requirements }: SessionProof): string | undefined {
  if (set === undefined) return undefined;
  const open = leftOpen({ redAfter: redAfter(set), unsteady: unsteadyIn(set) });
  if (open !== undefined) return open;
  const ofPlan = new Set(requirements?.map(({ check }) => check));
  const areOfPlan = set.runs.every(({ command, isSetup }) => isSetup || ofPlan.has(command));
  return baseChecks === undefined && areOfPlan ? NO_CHECK : undefined;
}

/** Only the plan's checks run, so nothing shows what the project's own would. */
export const NO_CHECK = "only the plan's own checks: this project has no CHECK";

/** What of a set that counts did not simply pass. */
export function leftOpen(set: {
  redAfter?: readonly string[] | undefined;
  unsteady?: readonly string[] | undefined;
}): string | undefined {
  const parts = [
    { words: UNSTEADY, commands: set.unsteady ?? [] },
    { words: RED_AFTER, commands: set.redAfter ?? [] },
  ].filter(({ commands }) => commands.length > 0);
  return (
    parts.map(({ words, commands }) => `${words}: ${commands.map(code).join(', ')}`).join('; ') || undefined
  );
}

const CHOICES = { fix: 'making it green is part of the task', leave: 'it may stay red' } as const;

export function redBeforeText({ failed, choice }: Pick<BaseChecks, 'failed' | 'choice'>): string {
  const commands = failed.map(({ command, how }) => `${code(command)} (${how})`).join(', ');
  return `red before any work: ${commands}${choice === undefined ? '' : `; ${CHOICES[choice]}`}`;
}

type Gates = Pick<SessionProof, 'approvals' | 'quick'>;

/** Sentences about the gates that no person is known to have opened. A setting counts once a person has trusted it. */
function unprovenGates(gates: Gates): string[] {
  const openedBy = (who: string, channels: readonly Channel[]) => {
    const { isQuick, opened } = openedThrough(channels, gates);
    const acts = [
      ...(isQuick ? [`Started by ${who}, without questions and a plan.`] : []),
      ...(opened.length === 0 ? [] : [`Opened by ${who}: ${opened.join(' and ')}.`]),
    ];
    return acts.map((act) => `**${act}** No person is known to have decided that.`);
  };
  return [
    ...openedBy('the parent model alone', BY_MODEL),
    ...openedBy('a form or a file, which a program can fill in too', BY_ANYONE),
  ];
}

const BY_MODEL: readonly Channel[] = ['tool'];
const BY_ANYONE: readonly Channel[] = ['elicitation', 'file'];

function openedThrough(channels: readonly Channel[], { approvals, quick }: Gates) {
  const isOf = ({ by }: { by: By }) => channels.includes(by.channel);
  const gates = approvals.filter(({ what }) => what === 'answers' || what === 'plan');
  const opened = new Set(gates.filter(isOf).map(({ what }) => `the ${what}`));
  return { isQuick: quick !== undefined && isOf(quick), opened: [...opened] };
}

/** What a person must not overlook before they merge, in a few words each. */
export function gravestLimits(proof: SessionProof): string[] {
  const { checks, agents, oldTests, acceptedWeakenings = [] } = proof;
  const { isQuick, opened } = openedThrough([...BY_MODEL, ...BY_ANYONE], proof);
  const undecided = [...(isQuick ? ['the start without a plan'] : []), ...opened];
  const isOpen = [checks?.sandbox, ...agents.map(({ sandbox }) => sandbox)].includes('none');
  const isBroken = oldTests?.kind === 'broken' || oldTests?.kind === 'needs';
  return [
    ...(undecided.length > 0 ? [`decided by no person that is known: ${undecided.join(' and ')}`] : []),
    ...(isBroken ? [`old tests that no longer hold: ${listed(oldTests.files, 3)}`] : []),
    ...(acceptedWeakenings.length > 0
      ? [`changed checks that a person accepted: ${acceptedWeakenings.length}`]
      : []),
    ...(isOpen ? ['agents without a guard'] : []),
  ];
}

/** What quick work lacks, in comparison with a plan and its gates. */
export function quickLimits({ quick, requirements = [] }: SessionProof): string[] {
  if (quick === undefined) return [];
  const isRead = requirements.some(({ id, reviewer }) => id === TASK_ID && reviewer !== undefined);
  return [
    'No plan was approved: the work was judged as the task is written.',
    ...(isRead ? [] : ['No reviewer has read it.']),
  ];
}

/** Agents cannot use the signing key; the command signs the commits again, so their hashes change. */
export function unsignedWords(commits: number, base: string): string {
  const are = commits === 1 ? '1 commit is' : `${commits} commits are`;
  return `${are} unsigned. In the worktree, ${code(`git rebase --force-rebase --gpg-sign ${base.slice(0, 12)}`)} signs them.`;
}

/** What of the base's tests was tried on the work, and what that leaves open. */
function oldTestsLimits({ oldTests }: SessionProof, mostFiles: number): string[] {
  if (oldTests === undefined) return [];
  const { planned = [] } = oldTests;
  return [
    ...planned.map(
      ({ path, why }) => `By the approved plan, an old test changes: ${code(path)}, ${code(why)}.`,
    ),
    ...triedLimits(oldTests, mostFiles),
    ...(oldTests.unlike ? [`${unlikeText(oldTests.unlike)}.`] : []),
  ];
}

function triedLimits(oldTests: OldTests, mostFiles: number): string[] {
  const { kind, files, why = '', by } = oldTests;
  const named = listed(files.map(code), mostFiles);
  switch (kind) {
    case 'off':
    case 'untried':
      return [`The tests of the base were not tried on this work: ${why}.`];
    case 'kept': {
      const rest = 'files that look like product were not put back';
      return files.length === 0
        ? [`The checks as they were on the base pass on this work; ${rest}.`]
        : [`Old tests are gone that pass on this work: ${named}; ${rest}.`];
    }
    case 'broken':
    case 'needs':
      return [
        `**${why}.** Accepted by ${by === 'review' ? 'the review of an agent alone' : 'a person'}; different now: ${named}.`,
      ];
    default:
      return kind satisfies never;
  }
}

function biteLimits({ bite, requirements }: SessionProof): string[] {
  if (bite === undefined) return [];
  if (bite.untried !== undefined)
    return [`The tests of this work were not tried without it: ${bite.untried}.`];
  return unnoticedIn(bite, requirements).map((each) => `${each}.`);
}

function changedChecks({
  acceptedWeakenings = [],
  changedTests = [],
  proveNothing = [],
}: SessionProof): string[] {
  const others = changedTests.filter(({ path }) => !acceptedWeakenings.some((each) => each.path === path));
  return [
    ...acceptedWeakenings.map(({ path, what }) => `${code(`${path} ${what}`)}: a person has accepted it`),
    ...others.map(
      ({ path, added, removed }) =>
        `${code(path)} is changed${added === undefined ? '' : ` (+${added} −${removed})`}`,
    ),
    ...cutTests(changedTests),
    ...proveNothing.map(
      (path) => `${code(path)} passes on the base commit too: it proves nothing about the work`,
    ),
  ];
}
