import type { Application } from '../../kernel/phases/application.ts';
import { type CheckRun, MAX_OUTSIDE_PLAN, openWords, unsteadyIn } from '../../kernel/phases/proving.ts';
import { visibleControls } from '../../kernel/text.ts';
import { describeBy, openedBy } from '../documents/describe-event.ts';
import { code, longestRun } from '../documents/markdown-lines.ts';
import { pictureSentences, WHAT_PEOPLE_WILL_SEE } from '../documents/picture-words.ts';
import { type Approval, JSON_FENCE, proofText, type SessionProof } from './proof.ts';
import { proofLimits } from './proof-limits.ts';
import { squareLines } from './square-lines.ts';

/** short: what a reader needs. full: with hashes, the ends of outputs, approvals, and how it was made. */
export type ProofForm = 'short' | 'full';

/** A proof as Markdown. Its data is not part of it. */
export function renderProof(proof: SessionProof, form: ProofForm): string {
  const isFull = form === 'full';
  return [
    ...(isFull ? introduction(proof) : [summary(proof)]),
    ...section('## Limits', proofLimits(proof, isFull ? MAX_OUTSIDE_PLAN : undefined)),
    ...requirements(proof),
    '## Checks',
    checksSection(proof, form),
    ...(isFull ? record(proof) : []),
  ].join('\n\n');
}

/** `proof.md`, for forwarding: the proof, then its data, from which it can be repeated. */
export function proofMarkdown(proof: SessionProof): string {
  return `${withData(proof)}\n`;
}

const FOLDED = 'The proof: what ran and what it printed, with hashes';

/** A text for reviewers with the whole proof folded below it. `verify` reads it too. */
export function withFoldedProof(text: string, proof: SessionProof): string {
  return `${text}\n\n${details(FOLDED, withData(proof))}\n`;
}

/** Like `withFoldedProof`, without the data, for a forge that rejects the full length; it cannot be verified. */
export function withFoldedFacts(text: string, proof: SessionProof): string {
  return `${text}\n\n${details(FOLDED, renderProof(proof, 'full'))}\n`;
}

function withData(proof: SessionProof): string {
  return [
    renderProof(proof, 'full'),
    '## Repeat it',
    `\`samocode verify proof.md\` in a clone of the repository with the branch ${code(proof.branch)} runs the same commands on a fresh clone of the commit. Exit statuses, commit and tree must match; outputs and times are not compared.`,
    details('The proof as data', `${JSON_FENCE}\n${proofText(proof)}\`\`\``),
  ].join('\n\n');
}

function summary({ commit, branch, doneAt }: SessionProof): string {
  return `Commit ${code(commit.slice(0, 12))} on the branch ${code(branch)}, done at ${doneAt}.`;
}

function introduction(proof: SessionProof): string[] {
  const { session, commit, tree, branch, base, baseCommit, doneAt } = proof;
  const ofTree = tree === undefined ? '' : ` with the tree ${code(tree)}`;
  return [
    `# Proof of ${code(session)}`,
    `Commit ${code(commit)}${ofTree} on the branch ${code(branch)}, from ${code(base)} at ${code(baseCommit)}. Done at ${doneAt}.`,
    'samocode recorded this from what it ran itself. What agents said about their work is not part of it.',
    ...carriedOut(proof),
  ];
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

function requirements(proof: SessionProof): string[] {
  const lines = requirementLines(proof);
  return lines.length === 0 ? [] : ['## Requirements', `${requirementsFrom(proof)}:`, list(lines)];
}

export function requirementsFrom({ quick }: Pick<SessionProof, 'quick'>): string {
  return quick === undefined ? 'As approved with the plan' : 'The task itself';
}

/** The requirements of the approved plan, each with its proof. */
export function requirementLines(
  { requirements: all = [], checks }: SessionProof,
  shown: (text: string) => string = code,
): string[] {
  return all.map(({ id, text, check, reviewer }) => {
    const named = `**${id}** ${shown(text)}`;
    if (reviewer !== undefined) {
      const who = [reviewer.provider, reviewer.model].filter(Boolean).join(' ');
      return `reviewed: ${named}, by the agent of iteration ${reviewer.iteration} (${code(who)})`;
    }
    const run = checks?.runs.find(({ command }) => command === check);
    return run === undefined
      ? `nothing on record: ${named}`
      : `${resultOf(run)}: ${named}, by ${code(check)}`;
  });
}

export function checksSection(proof: SessionProof, form: ProofForm): string {
  const { checks, clone } = proof;
  if (checks === undefined) return 'None ran: the project has no CHECK.';
  const isFull = form === 'full';
  const where = checks.in === 'clone' ? 'On a fresh clone of the commit' : 'In the folder of the agent';
  return [
    `${where}, sandbox: ${checks.sandbox}${isFull ? `, ${checks.at}` : ''}:`,
    list(checks.runs.map((run) => checkLine(run, form))),
    ...(isFull ? checks.runs.flatMap(tail) : []),
    ...(isFull && clone.application ? [besideServices(clone.application)] : []),
    ...(isFull && clone.home?.length
      ? [`Readable in home: ${clone.home.map(code).join(', ')} (CHECK_HOME).`]
      : []),
    ...onBase(proof, form),
    ...square(proof, isFull),
  ].join('\n\n');
}

function checkLine(run: CheckRun, form: ProofForm): string {
  const { command, isSetup, durationMs, outputBytes, outputHash } = run;
  const seconds = (durationMs / 1000).toFixed(1);
  const output = form === 'full' ? `, output of ${outputBytes} bytes, SHA-256 ${code(outputHash)}` : '';
  return `${resultOf(run)}: ${isSetup ? 'SETUP ' : ''}${code(command)}, ${seconds} s${output}`;
}

function resultOf({ exitCode, how, ...run }: CheckRun): string {
  if (exitCode === 0) return '✔ passed';
  const status = exitCode === null ? (how ?? 'no exit status') : `exit status ${exitCode}`;
  const open = openWords(run);
  return open === undefined ? `✘ ${status}` : `! ${status} (${open})`;
}

function besideServices({ services, in: servedIn }: Application): string {
  const names = servedIn.includes('proof') ? services.map(({ name }) => code(name)) : [];
  return names.length === 0 ? 'No service ran beside them.' : `Beside them ran: ${names.join(', ')}.`;
}

/** The checks on the base: those that may be red as they were right after the proof, the others as they were at first too. */
function onBase({ checks: set, baseChecks }: SessionProof, form: ProofForm): string[] {
  const again = set?.onBase?.runs ?? [];
  const isNow = ({ command }: CheckRun) =>
    again.some((run) => run.command === command) && !(set && unsteadyIn(set).includes(command));
  const first = baseChecks?.runs.filter((run) => !isNow(run)) ?? [];
  const at = form === 'full' && baseChecks !== undefined ? `, ${baseChecks.at}` : '';
  return [
    ...(again.length > 0 ? [`On the base commit, right after them: ${statuses(again)}.`] : []),
    ...(first.length > 0 ? [`The same on the base commit${at}: ${statuses(first)}.`] : []),
  ];
}

function square(proof: SessionProof, isFull: boolean): string[] {
  const lines = squareLines(proof);
  return lines.length === 0 ? [] : [list(lines), ...(isFull ? (proof.bite?.red ?? []).flatMap(tail) : [])];
}

function statuses(runs: readonly CheckRun[]): string {
  return runs
    .flatMap((run) => [run, ...(run.again ? [{ ...run, ...run.again }] : [])])
    .map(({ command, exitCode, how }) => `${code(command)} ${how ?? `exit status ${exitCode}`}`)
    .join(', ');
}

function tail({ command, tail: text }: Pick<CheckRun, 'command' | 'tail'>): string[] {
  return text === undefined ? [] : [lastLinesOf(command, text)];
}

export function lastLinesOf(command: string, text: string): string {
  const fence = '`'.repeat(Math.max(3, longestRun(text) + 1));
  return details(`Last lines of ${htmlText(command)}`, `${fence}text\n${text}\n${fence}`);
}

function record(proof: SessionProof): string[] {
  const { pictures, approvals } = proof;
  return [
    ...section(`## ${WHAT_PEOPLE_WILL_SEE}`, pictures && pictureSentences(pictures, code)),
    '## Approvals',
    list(approvals.map(approval)),
    '## How it was made',
    list(describeRun(proof)),
  ];
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

function htmlText(text: string): string {
  const plain = visibleControls(text).replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  return `<code>${plain}</code>`;
}
