import * as z from 'zod';
import { fingerprint } from '../../kernel/files/fingerprint.ts';
import { parseJson } from '../../kernel/parse-json.ts';
import { GivenApplication } from '../../kernel/phases/application.ts';
import { ChangedTest, OldTests, ProvedRequirement, Weakening } from '../../kernel/phases/decision.ts';
import { Bite, CHECK_PLACES, CheckRun } from '../../kernel/phases/proving.ts';
import { SANDBOX_LEVELS } from '../../kernel/sandbox-level.ts';
import { PicturesTaken } from '../events/bodies/pictures.ts';
import { Cost, PlanVersion } from '../events/bodies/positions.ts';
import { By } from '../events/bodies/who-acted.ts';

const ProvedSet = z.strictObject({
  at: z.iso.datetime(),
  in: z.enum(CHECK_PLACES),
  sandbox: z.enum(SANDBOX_LEVELS),
  commit: z.string(),
  tree: z.string(),
  runs: z.array(CheckRun),
  unsigned: z.int().optional(),
  /** What a person let stay red, on the base right after this set. */
  onBase: z.strictObject({ commit: z.string(), runs: z.array(CheckRun) }).optional(),
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
  /** The plan that it was started with, and carried out: `boxes` are absent if the approved plan was another. */
  given: z
    .strictObject({
      name: z.string(),
      sha256: z.string(),
      boxes: z.strictObject({ done: z.int(), total: z.int() }).optional(),
    })
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
  /** The line of the approved plan that leaves out testing. */
  testing: z.string().optional(),
  /** Of quick work, which has no approved plan: who chose that, at the start or with the goal. */
  quick: z.strictObject({ by: By }).optional(),
  outsidePlan: z.array(z.string()).optional(),
  /** Changes that might weaken the checks and that a person accepted. */
  acceptedWeakenings: z.array(Weakening.pick({ path: true, what: true })).optional(),
  changedTests: z.array(ChangedTest).optional(),
  oldTests: OldTests.optional(),
  bite: Bite.optional(),
  /** Of an earlier version: added test files that pass on the base commit too. */
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

/** `altered`: changed since it was written. `none`: not a proof at all. */
export type ProofReading = { kind: 'proof'; proof: SessionProof } | { kind: 'altered' } | { kind: 'none' };

/**
 * Reads `proof.json`, or the proof in a text that people edit around it, such as `proof.md` or a pull request's: only
 * its data counts, under its own seal. Never throws.
 */
export function readProof(written: string): ProofReading {
  // GitHub converts the line endings of a pull request's text.
  const text = written.replaceAll('\r\n', '\n');
  const json = text.startsWith(START) ? text : dataIn(text);
  if (json === undefined) return { kind: 'none' };
  const parts = SEALED_JSON.exec(json);
  if (parts === null || fingerprint(parts[1] ?? '') !== parts[2]) return { kind: 'altered' };
  const { sha256: _checked, ...value } = Object(parseJson(json));
  const proof = SessionProof.safeParse(value);
  return proof.success ? { kind: 'proof', proof: proof.data } : { kind: 'altered' };
}

export const JSON_FENCE = '```json';

const START = '{\n  "samocodeProof": ';
const SEALED_JSON = /^(\{\n[\s\S]*,\n {2}"sha256": ")([0-9a-f]{64})"\n\}\n$/;

/** The last data of a proof in a Markdown text. */
function dataIn(text: string): string | undefined {
  const at = text.lastIndexOf(`\n${JSON_FENCE}\n${START}`);
  if (at < 0) return undefined;
  // The data contains no such line: each of its lines begins with a space or a brace.
  const [json = ''] = text.slice(at + `\n${JSON_FENCE}\n`.length).split('\n```');
  return `${json}\n`;
}
