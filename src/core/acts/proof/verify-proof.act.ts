import type { ActionContext } from '../../caller/context/context.ts';
import { READING_ERRORS } from '../../caller/errors/reading-errors.ts';
import type { SandboxLevel } from '../../kernel/sandbox-level.ts';
import { type ClonePlace, type CloneRunOptions, type CloneSet, checksOnClone } from './checks-on-clone.ts';
import { type Claims, type Repetition, repeatProof, type TrustedCommands } from './repeat-proof.ts';

export type Verification = Repetition & { sandbox: SandboxLevel };

export interface OpenedProof {
  claims: Claims;
  /** Of a pull request: the project's own commands. */
  trusted?: TrustedCommands;
  /** `file`: the author of the file chose its commands. */
  from: 'session' | 'file' | 'pull_request';
  place: ClonePlace;
  set: Pick<CloneSet, 'branch' | 'base' | 'proving'>;
  env: ActionContext['env'];
}

/** Repeats a proof; of a pull request it only compares the proof with the project's own commands. */
export async function verifyProof(
  { claims, trusted, place, set, env }: OpenedProof,
  context: ActionContext,
  options: CloneRunOptions,
): Promise<Verification> {
  const cloneFailed = (problem: string) => READING_ERRORS.proof_not_repeated({ problem });
  const tools = { ...context, env };
  const run = async (commit: string, commands: readonly string[]) =>
    await checksOnClone(place, { ...set, commit, commands }, tools, { ...options, cloneFailed });
  return { ...(await repeatProof(claims, trusted, run)), sandbox: place.guard?.now.level ?? 'none' };
}
