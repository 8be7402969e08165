import * as z from 'zod';
import { fingerprint } from '../../base/files/fingerprint.ts';
import { parseJson } from '../../base/parse-json.ts';
import { SANDBOX_LEVELS } from '../../base/sandbox-level.ts';
import { CHECK_PLACES, CheckRun, ProvedRequirement, Weakening } from '../../phases/proving.ts';
import { Cost } from '../events/bodies/cost.ts';
import { PlanVersion } from '../events/bodies/positions.ts';
import { By } from '../events/bodies/who-acted.ts';

/** A set of commands that ran on one commit. */
const ProvedSet = z.strictObject({
  at: z.iso.datetime(),
  in: z.enum(CHECK_PLACES),
  sandbox: z.enum(SANDBOX_LEVELS),
  commit: z.string(),
  tree: z.string(),
  runs: z.array(CheckRun),
});
export type ProvedSet = z.infer<typeof ProvedSet>;

const Approval = z.discriminatedUnion('what', [
  z.strictObject({ what: z.literal('start'), at: z.iso.datetime(), by: By }),
  z.strictObject({ what: z.literal('plan'), at: z.iso.datetime(), by: By, plan: PlanVersion }),
  z.strictObject({
    what: z.literal('answers'),
    at: z.iso.datetime(),
    by: By,
    /** Fingerprints of the question with its options, and of the answer's text. */
    answers: z.array(z.strictObject({ id: z.string(), question: z.string(), answer: z.string() })),
  }),
  z.strictObject({ what: z.literal('resume'), at: z.iso.datetime(), by: By }),
]);
export type Approval = z.infer<typeof Approval>;

/** What a session has shown of its branch when it was done: facts that the worker recorded, no word of an agent. */
export const SessionProof = z.strictObject({
  samocodeProof: z.literal(1),
  session: z.string(),
  sessionId: z.string(),
  doneAt: z.iso.datetime(),
  branch: z.string(),
  base: z.string(),
  baseCommit: z.string(),
  commit: z.string(),
  /** Absent where no check ran. */
  tree: z.string().optional(),
  checks: ProvedSet.optional(),
  baseChecks: ProvedSet.optional(),
  /** Of the approved plan; `reviewer`: who found one to hold that no command shows. */
  requirements: z
    .array(
      ProvedRequirement.extend({
        reviewer: z.strictObject({ iteration: z.int(), provider: z.string(), model: z.string() }).optional(),
      }),
    )
    .optional(),
  /** What a clone needs before its checks. */
  clone: z.strictObject({
    setup: z.string().optional(),
    copy: z.array(z.string()),
    timeoutMs: z.number(),
  }),
  approvals: z.array(Approval),
  /** Changed files that the approved plan does not name. */
  outsidePlan: z.array(z.string()).optional(),
  /** Changes by which the checks may show less, and that a person has accepted. */
  acceptedWeakenings: z.array(Weakening.pick({ path: true, what: true })).optional(),
  /** Files of tests and checks that the base has and the branch has changed. */
  changedTests: z.array(z.string()).optional(),
  /** Added test files that pass on the base commit too. */
  proveNothing: z.array(z.string()).optional(),
  agents: z.array(
    z.strictObject({
      provider: z.string(),
      model: z.string(),
      version: z.string().optional(),
      sandbox: z.enum(SANDBOX_LEVELS).optional(),
      iterations: z.int(),
    }),
  ),
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

/** `proof.json`. Its last member is the fingerprint of every byte before it: one that was changed is seen. */
export function proofText(proof: SessionProof): string {
  const head = `${JSON.stringify(proof, null, 2).slice(0, -'\n}'.length)},\n  "sha256": "`;
  return `${head}${fingerprint(head)}"\n}\n`;
}

/** Adds the line by which a changed byte of the text is seen. */
export function sealedMarkdown(text: string): string {
  const head = `${text}<!-- SHA-256 of the text above: `;
  return `${head}${fingerprint(head)} -->\n`;
}

/** `altered`: not as it was written, or no proof at all. */
export type ProofReading = { kind: 'proof'; proof: SessionProof } | { kind: 'altered' };

/** Reads `proof.json`, or the proof at the end of `proof.md`. Never throws. */
export function readProof(written: string): ProofReading {
  const text = withPlainLineEnds(written);
  const json = text.startsWith('{') ? text : jsonOfMarkdown(text);
  const parts = json === undefined ? null : SEALED_JSON.exec(json);
  if (json === undefined || parts === null || fingerprint(parts[1] ?? '') !== parts[2])
    return { kind: 'altered' };
  const { sha256: _checked, ...value } = Object(parseJson(json));
  const proof = SessionProof.safeParse(value);
  return proof.success ? { kind: 'proof', proof: proof.data } : { kind: 'altered' };
}

/** Begins the proof as data in `proof.md`. */
export const JSON_FENCE = '```json';

const SEALED_JSON = /^(\{\n[\s\S]*,\n {2}"sha256": ")([0-9a-f]{64})"\n\}\n$/;
/** Forges and mail leave blanks at the end. */
const SEALED_MARKDOWN = /^([\s\S]*<!-- SHA-256 of the text above: )([0-9a-f]{64}) -->\s*$/;
function jsonOfMarkdown(text: string): string | undefined {
  const parts = SEALED_MARKDOWN.exec(text);
  if (parts === null || fingerprint(parts[1] ?? '') !== parts[2]) return undefined;
  // No line of it begins so: each begins with a blank or a brace.
  const [json] = (text.split(`\n${JSON_FENCE}\n`).at(-1) ?? '').split('\n```\n');
  return `${json}\n`;
}

/** A pull request's text has other line ends on GitHub; a single one that differs is a change. */
function withPlainLineEnds(text: string): string {
  return /(?<!\r)\n/.test(text) ? text : text.replaceAll('\r\n', '\n');
}
