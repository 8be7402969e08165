import * as z from 'zod';
import { fingerprint } from '../../kernel/files/fingerprint.ts';
import { parseJson } from '../../kernel/parse-json.ts';
import { type Application, GivenApplication } from '../../kernel/phases/application.ts';
import { PicturesTaken } from '../../kernel/phases/pictures.ts';
import {
  type BaseChecks,
  CHECK_PLACES,
  ChangedTest,
  CheckRun,
  cutTests,
  ProvedRequirement,
  RED_AFTER,
  redAfter,
  Weakening,
} from '../../kernel/phases/proving.ts';
import { SANDBOX_LEVELS } from '../../kernel/sandbox-level.ts';
import { capitalised, visibleControls } from '../../kernel/text.ts';
import { describeBy, openedBy } from '../documents/describe-event.ts';
import { codeSpan, longestRun } from '../documents/markdown-lines.ts';
import { pictureSentences, WHAT_PEOPLE_WILL_SEE } from '../documents/picture-words.ts';
import { Cost, PlanVersion } from '../events/bodies/positions.ts';
import { By } from '../events/bodies/who-acted.ts';
import { unprovenGates } from './unproven-gates.ts';
import { unsignedWords } from './unsigned-words.ts';

const ProvedSet = z.strictObject({
  at: z.iso.datetime(),
  in: z.enum(CHECK_PLACES),
  sandbox: z.enum(SANDBOX_LEVELS),
  commit: z.string(),
  tree: z.string(),
  runs: z.array(CheckRun),
  unsigned: z.int().optional(),
});
export type ProvedSet = z.infer<typeof ProvedSet>;

const act = { at: z.iso.datetime(), by: By };
const Approval = z.discriminatedUnion('what', [
  z.strictObject({ what: z.literal('start'), ...act }),
  z.strictObject({ what: z.literal('plan'), ...act, plan: PlanVersion }),
  z.strictObject({
    what: z.literal('answers'),
    ...act,
    /** Fingerprints of the question with its options, and of the answer's text. */
    answers: z.array(z.strictObject({ id: z.string(), question: z.string(), answer: z.string() })),
  }),
  z.strictObject({ what: z.literal('resume'), ...act }),
]);
export type Approval = z.infer<typeof Approval>;

/**
 * The proof of a session about its branch when it was done: facts recorded by the worker, without claims by agents.
 */
export const SessionProof = z.strictObject({
  samocodeProof: z.literal(1),
  session: z.string(),
  sessionId: z.string(),
  doneAt: z.iso.datetime(),
  branch: z.string(),
  base: z.string(),
  baseCommit: z.string(),
  commit: z.string(),
  tree: z.string().optional(),
  checks: ProvedSet.optional(),
  baseChecks: ProvedSet.optional(),
  /** The requirements of the approved plan; `reviewer`: the agent that confirmed one without a command. */
  requirements: z
    .array(
      ProvedRequirement.extend({
        reviewer: z.strictObject({ iteration: z.int(), provider: z.string(), model: z.string() }).optional(),
      }),
    )
    .optional(),
  clone: z.strictObject({
    setup: z.string().optional(),
    copy: z.array(z.string()),
    home: z.array(z.string()).optional(),
    timeoutMs: z.number(),
    /** The services beside which the checks ran. */
    application: GivenApplication.optional(),
  }),
  approvals: z.array(Approval),
  outsidePlan: z.array(z.string()).optional(),
  /** Changes that might weaken the checks and that a person accepted. */
  acceptedWeakenings: z.array(Weakening.pick({ path: true, what: true })).optional(),
  changedTests: z.array(ChangedTest).optional(),
  /** Added test files that pass on the base commit too. */
  proveNothing: z.array(z.string()).optional(),
  /** Of the pages of the application, on the base and on the commit; `verify` compares their hashes. */
  pictures: PicturesTaken.optional(),
  agents: z.array(
    z.strictObject({
      provider: z.string(),
      model: z.string(),
      version: z.string().optional(),
      sandbox: z.enum(SANDBOX_LEVELS).optional(),
      iterations: z.int(),
    }),
  ),
  /** The machines of a pool on which they worked. */
  workedOn: z.array(z.string()).optional(),
  /** Versions of samocode whose workers wrote the record. */
  samocode: z.array(z.string()),
  durationMs: z.number(),
  cost: Cost.pick({
    usd: true,
    usdIsEstimate: true,
    inputTokens: true,
    outputTokens: true,
    cachedTokens: true,
  }),
});
export type SessionProof = z.infer<typeof SessionProof>;

/** The text of `proof.json`. Its last member is the fingerprint of every byte before it, which reveals changes. */
export function proofText(proof: SessionProof): string {
  const head = `${JSON.stringify(proof, null, 2).slice(0, -'\n}'.length)},\n  "sha256": "`;
  return `${head}${fingerprint(head)}"\n}\n`;
}

function sealedMarkdown(text: string): string {
  const head = `${text}<!-- SHA-256 of the text above: `;
  return `${head}${fingerprint(head)} -->\n`;
}

/** `altered`: changed since it was written, or not a proof at all. */
export type ProofReading = { kind: 'proof'; proof: SessionProof } | { kind: 'altered' };

/** Reads `proof.json`, or the proof at the end of `proof.md`. Never throws. */
export function readProof(written: string): ProofReading {
  const text = withPlainLineEndings(written);
  const json = text.startsWith('{') ? text : jsonOfMarkdown(text);
  const parts = json === undefined ? null : SEALED_JSON.exec(json);
  if (json === undefined || parts === null || fingerprint(parts[1] ?? '') !== parts[2])
    return { kind: 'altered' };
  const { sha256: _checked, ...value } = Object(parseJson(json));
  const proof = SessionProof.safeParse(value);
  return proof.success ? { kind: 'proof', proof: proof.data } : { kind: 'altered' };
}

const JSON_FENCE = '```json';

const SEALED_JSON = /^(\{\n[\s\S]*,\n {2}"sha256": ")([0-9a-f]{64})"\n\}\n$/;
/** Forges and mail programs add trailing spaces; a pull request's text ends with our marker. */
const SEALED_MARKDOWN =
  /^([\s\S]*<!-- SHA-256 of the text above: )([0-9a-f]{64}) -->\s*(?:<!-- samocode text [0-9a-f ]+ -->\s*)?$/;

function jsonOfMarkdown(text: string): string | undefined {
  const parts = SEALED_MARKDOWN.exec(text);
  if (parts === null || fingerprint(parts[1] ?? '') !== parts[2]) return undefined;
  // The JSON contains no such line: each of its lines begins with a space or a brace.
  const [json] = (text.split(`\n${JSON_FENCE}\n`).at(-1) ?? '').split('\n```\n');
  return `${json}\n`;
}

/**
 * The proof in a text that people edit around it, such as a pull request's: only its data counts, under its own seal.
 * @returns undefined if the text has no such data
 */
export function proofInText(written: string): ProofReading | undefined {
  const text = written.replaceAll('\r\n', '\n');
  const at = text.lastIndexOf(`\n${JSON_FENCE}\n{\n  "samocodeProof": `);
  if (at < 0) return undefined;
  const [json = ''] = text.slice(at + `\n${JSON_FENCE}\n`.length).split('\n```');
  return readProof(`${json}\n`);
}

/** GitHub converts all line endings of a pull request's text; a mix of both kinds is a change. */
function withPlainLineEndings(text: string): string {
  return /(?<!\r)\n/.test(text) ? text : text.replaceAll('\r\n', '\n');
}

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

function introduction({ commit, tree, branch, base, baseCommit, doneAt, approvals }: SessionProof): string[] {
  const ofTree = tree === undefined ? '' : ` with the tree ${code(tree)}`;
  return [
    `Commit ${code(commit)}${ofTree} on the branch ${code(branch)}, from ${code(base)} at ${code(baseCommit)}. Done at ${doneAt}.`,
    'samocode recorded this from what it ran itself. What agents said about their work is not part of it.',
    ...unprovenGates(approvals),
  ];
}

function requirements({ requirements: all, checks: set }: SessionProof): string[] {
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
  return ['## Requirements', 'As approved with the plan.', list(lines)];
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
  const { checks: set, baseChecks, clone, agents } = proof;
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
    ...(baseChecks === undefined
      ? []
      : [`The same on the base commit, ${baseChecks.at}: ${onBase(baseChecks)}.`]),
  ];
}

function checkLine({ command, isSetup, exitCode, how, redBefore, ...run }: CheckRun): string {
  const status = exitCode === null ? (how ?? 'no exit status') : `exit status ${exitCode}`;
  const output = `output of ${run.outputBytes} bytes, SHA-256 ${code(run.outputHash)}`;
  const red = redBefore ? ` (${RED_AFTER})` : '';
  return `${isSetup ? 'SETUP ' : ''}${code(command)}: **${status}**${red}, ${(run.durationMs / 1000).toFixed(1)} s, ${output}`;
}

export function onBase({ runs }: ProvedSet): string {
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
