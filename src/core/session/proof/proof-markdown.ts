import type { Application } from '../../kernel/phases/application.ts';
import {
  type BaseChecks,
  type CheckRun,
  cutTests,
  RED_AFTER,
  redAfter,
} from '../../kernel/phases/proving.ts';
import { capitalised, visibleControls } from '../../kernel/text.ts';
import { describeBy, openedBy } from '../documents/describe-event.ts';
import { codeSpan, longestRun } from '../documents/markdown-lines.ts';
import { pictureSentences, WHAT_PEOPLE_WILL_SEE } from '../documents/picture-words.ts';
import { type Approval, JSON_FENCE, proofText, type SessionProof, sealedMarkdown } from './proof.ts';
import { quickLimits, requirementsFrom, unprovenGates } from './unproven-gates.ts';
import { unsignedWords } from './unsigned-words.ts';

/** `proof.md`, for forwarding: the facts, then the proof as data, from which it can be repeated. */
export function proofMarkdown(proof: SessionProof): string {
  return sealedMarkdown(`${factsAndData(proof)}\n\n`);
}

const FOLDED = 'The proof: what ran and what it printed, with hashes';

/** A text for reviewers with the whole proof folded below it, sealed together. `verify` reads it too. */
export function withFoldedProof(text: string, proof: SessionProof): string {
  return sealedMarkdown(`${text}\n\n${details(FOLDED, factsAndData(proof))}\n\n`);
}

/** Like `withFoldedProof`, without the data, for a forge that rejects the full length; it cannot be verified. */
export function withFoldedFacts(text: string, proof: SessionProof): string {
  return `${text}\n\n${details(FOLDED, proofFacts(proof))}\n`;
}

function factsAndData(proof: SessionProof): string {
  return [
    proofFacts(proof),
    '## Repeat it',
    `\`samocode verify proof.md\` in a clone of the repository with the branch ${code(proof.branch)} runs the same commands on a fresh clone of the commit. Exit statuses, commit and tree must match; outputs and times are not compared.`,
    details('The proof as data', `${JSON_FENCE}\n${proofText(proof)}\`\`\``),
  ].join('\n\n');
}

export function proofFacts(proof: SessionProof): string {
  return [
    `# Proof of ${code(proof.session)}`,
    ...introduction(proof),
    ...requirements(proof),
    '## Checks',
    ...checks(proof),
    ...section(`## ${WHAT_PEOPLE_WILL_SEE}`, proof.pictures && pictureSentences(proof.pictures, code)),
    '## Approvals',
    list(proof.approvals.map(approval)),
    ...section('## Changed tests and checks', changedChecks(proof)),
    ...section('## Changed files that the plan does not name', proof.outsidePlan?.map(code)),
    '## How it was made',
    list(describeRun(proof)),
  ].join('\n\n');
}

function introduction(proof: SessionProof): string[] {
  const { commit, tree, branch, base, baseCommit, doneAt } = proof;
  const ofTree = tree === undefined ? '' : ` with the tree ${code(tree)}`;
  return [
    `Commit ${code(commit)}${ofTree} on the branch ${code(branch)}, from ${code(base)} at ${code(baseCommit)}. Done at ${doneAt}.`,
    'samocode recorded this from what it ran itself. What agents said about their work is not part of it.',
    ...withoutTesting(proof),
    ...carriedOut(proof),
    ...quickLimits(proof),
    ...unprovenGates(proof),
  ];
}

/** What the approved plan leaves out of the proof. */
export function withoutTesting({ testing }: Pick<SessionProof, 'testing'>): string[] {
  return testing === undefined
    ? []
    : [`By the approved plan, the work may skip its testing: ${code(testing)}.`];
}

/** The plan that the session was started with, for those who know its file. */
export function carriedOut({ given }: Pick<SessionProof, 'given'>): string[] {
  if (given === undefined) return [];
  const { name, sha256, boxes } = given;
  const file = `${code(name)} (SHA-256 ${code(sha256)})`;
  if (boxes === undefined) return [`Carried out with the changes that were approved: ${file}.`];
  const others = boxes.done < boxes.total ? ' The other boxes are in none of its phases.' : '';
  return [`Carried out as given: ${file}, ${boxes.done} of ${boxes.total} boxes.${others}`];
}

function requirements({ requirements: all, checks: set, quick }: SessionProof): string[] {
  if (all === undefined) return [];
  const lines = all.map(({ id, text, check, reviewer }) => {
    if (reviewer !== undefined) {
      const { iteration, provider, model } = reviewer;
      const who = [provider, model].filter(Boolean).join(' ');
      return `${id} ${code(text)}: reviewed by the agent of iteration ${iteration}, ${code(who)}`;
    }
    const run = set?.runs.find(({ command }) => command === check);
    const shown = run === undefined ? 'nothing on record' : `${code(check)}, exit status ${run.exitCode}`;
    return `${id} ${code(text)}: ${shown}`;
  });
  return ['## Requirements', `${requirementsFrom({ quick })}.`, list(lines)];
}

/** Names the gaps in a proof's checks, without a full stop; undefined: every check of the project passed. */
export function provedPartly({ checks: set, baseChecks, requirements }: SessionProof): string | undefined {
  if (set === undefined) return undefined;
  const red = redAfter(set);
  if (red.length > 0) return redAfterText(red);
  const ofPlan = new Set(requirements?.map(({ check }) => check));
  const areOfPlan = set.runs.every(({ command, isSetup }) => isSetup || ofPlan.has(command));
  return baseChecks === undefined && areOfPlan ? NO_CHECK : undefined;
}

/** Only the plan's checks run, so nothing shows what the project's own would. */
export const NO_CHECK = "only the plan's own checks: this project has no CHECK";

/** Names the commands that were red before the work and still are. */
export function redAfterText(commands: readonly string[]): string {
  return `${RED_AFTER}: ${commands.map(code).join(', ')}`;
}

const CHOICES = { fix: 'making it green is part of the task', leave: 'it may stay red' } as const;

export function redBeforeText({ failed, choice }: Pick<BaseChecks, 'failed' | 'choice'>): string {
  const commands = failed.map(({ command, how }) => `${code(command)} (${how})`).join(', ');
  return `red before any work: ${commands}${choice === undefined ? '' : `; ${CHOICES[choice]}`}`;
}

function besideServices({ services, in: servedIn }: Application): string {
  const names = servedIn.includes('proof') ? services.map(({ name }) => code(name)) : [];
  return names.length === 0 ? 'No service ran beside them.' : `Beside them ran: ${names.join(', ')}.`;
}

function checks(proof: SessionProof): string[] {
  const { checks: set, clone, agents } = proof;
  if (set === undefined) return ['No command checked this work: the project has no CHECK.'];
  const partly = provedPartly(proof);
  const where =
    set.in === 'clone'
      ? 'On a fresh clone of the commit'
      : 'In the folder of the agent (CHECK_IN=worktree), where uncommitted and ignored files took part';
  const hadNoGuard = [set.sandbox, ...agents.map(({ sandbox }) => sandbox)].includes('none');
  return [
    ...(partly === undefined ? [] : [`**${capitalised(partly)}.**`]),
    `${where}, sandbox: ${set.sandbox}, ${set.at}.`,
    ...(hadNoGuard
      ? ['No guard: agents had access to the home folder, and to the folders above the clone.']
      : []),
    ...(clone.application ? [besideServices(clone.application)] : []),
    ...(clone.home?.length ? [`Readable in home: ${clone.home.map(code).join(', ')} (CHECK_HOME).`] : []),
    ...(set.unsigned ? [unsignedWords(set.unsigned, proof.baseCommit)] : []),
    list(set.runs.map(checkLine)),
    ...set.runs.flatMap(tail),
    ...onBase(proof, { isDated: true }),
  ];
}

function checkLine({ command, isSetup, exitCode, how, redBefore, ...run }: CheckRun): string {
  const status = exitCode === null ? (how ?? 'no exit status') : `exit status ${exitCode}`;
  const output = `output of ${run.outputBytes} bytes, SHA-256 ${code(run.outputHash)}`;
  const red = redBefore ? ` (${RED_AFTER})` : '';
  return `${isSetup ? 'SETUP ' : ''}${code(command)}: **${status}**${red}, ${(run.durationMs / 1000).toFixed(1)} s, ${output}`;
}

/** The checks on the base: those that may be red as they were right after the proof, the others as they were at first. */
export function onBase(
  { checks: set, baseChecks }: SessionProof,
  { isDated }: { isDated: boolean },
): string[] {
  const again = set?.onBase?.runs ?? [];
  const first = baseChecks?.runs.filter(({ command }) => !again.some((run) => run.command === command)) ?? [];
  const at = isDated && baseChecks !== undefined ? `, ${baseChecks.at}` : '';
  return [
    ...(again.length > 0 ? [`On the base commit, right after them: ${statuses(again)}.`] : []),
    ...(first.length > 0 ? [`The same on the base commit${at}: ${statuses(first)}.`] : []),
  ];
}

function statuses(runs: readonly CheckRun[]): string {
  return runs
    .map(({ command, exitCode, how }) => `${code(command)} ${how ?? `exit status ${exitCode}`}`)
    .join(', ');
}

function tail({ command, tail: text }: CheckRun): string[] {
  return text === undefined ? [] : [lastLinesOf(command, text)];
}

export function lastLinesOf(command: string, text: string): string {
  const fence = '`'.repeat(Math.max(3, longestRun(text) + 1));
  return details(`Last lines of ${htmlText(command)}`, `${fence}text\n${text}\n${fence}`);
}

function approval(given: Approval): string {
  const isGate = given.what === 'plan' || given.what === 'answers';
  const who = `by ${(isGate ? openedBy : describeBy)(given.by)}, ${given.at}`;
  switch (given.what) {
    case 'start':
      return `the start, ${who}`;
    case 'plan':
      return `the plan ${code(given.plan.name)}, SHA-256 ${code(given.plan.hash)}, ${who}`;
    case 'answers': {
      const hashes = given.answers.map(
        ({ id, question, answer }) => `${id} (question ${code(question)}, answer ${code(answer)})`,
      );
      return `answers to ${hashes.join(', ')}, ${who}`;
    }
    case 'resume':
      return `a resume, ${who}`;
    default:
      return given satisfies never;
  }
}

export function changedChecks({
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

function section(heading: string, lines: readonly string[] = []): string[] {
  return lines.length === 0 ? [] : [heading, list(lines)];
}

function describeRun({ agents, workedOn, samocode, durationMs, cost }: SessionProof): string[] {
  const { usd, usdIsEstimate, inputTokens, outputTokens } = cost;
  const money = usd === undefined ? [] : [`${usdIsEstimate ? 'about ' : ''}$${usd.toFixed(2)}`];
  const tokens =
    inputTokens === undefined && outputTokens === undefined
      ? []
      : [`${inputTokens ?? 0} tokens in, ${outputTokens ?? 0} out`];
  return [
    ...agents.map(agentLine),
    ...(workedOn === undefined ? [] : [`worked on: ${workedOn.map(code).join(', ')}`]),
    `samocode ${samocode.join(', ')}`,
    [`agents worked for ${Math.ceil(durationMs / 60_000)} min`, ...money, ...tokens].join(', '),
  ];
}

function agentLine({ iterations, sandbox, ...agent }: SessionProof['agents'][number]): string {
  const { provider, version, model } = agent;
  const what = [provider, version, model].filter(Boolean).join(' ');
  const level = sandbox === undefined ? '' : `, sandbox: ${sandbox}`;
  return `${iterations} ${iterations === 1 ? 'agent' : 'agents'}: ${code(what)}${level}`;
}

export function list(lines: readonly string[]): string {
  return lines.map((line) => `- ${line}`).join('\n');
}

export function details(summary: string, text: string): string {
  return `<details><summary>${summary}</summary>\n\n${text}\n\n</details>`;
}

export function code(text: string): string {
  return codeSpan(visibleControls(text).replaceAll('\n', ' '));
}

function htmlText(text: string): string {
  const plain = visibleControls(text).replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  return `<code>${plain}</code>`;
}
