import { SamocodeError } from '../base/errors.ts';
import type { Project } from '../project/open-project.ts';
import { type RiskyLine, type Trust, trustFile, trustIn } from '../project/trust.ts';
import type { By } from '../session/event-types.ts';
import type { ActionContext } from './context.ts';
import { findProjectFor } from './find-project-for.ts';
import { refuseFromInside } from './refuse-from-inside.ts';
import { riskyLineWords, shortHash } from './require-trust.ts';

export interface TrustProjectInput {
  projectDir?: string | undefined;
  /** Of the content that the person has seen; its first characters are enough. */
  hash: string;
}

/** Whether a project waits for a person's trust, and for which lines. @throws what `findProjectFor` throws */
export async function readTrust(
  { projectDir }: Pick<TrustProjectInput, 'projectDir'>,
  context: ActionContext,
): Promise<{ project: Project; trust: Trust }> {
  const project = await findProjectFor({ projectDir }, context);
  return { project, trust: await trustIn(project, context.home) };
}

/**
 * Notes that a person has seen the commands and loosening lines of a `.samocode` and lets them count. Any
 * later change of the file asks anew. Already trusted, it changes nothing.
 * @returns the lines that count now and did not before
 * @throws InsideSessionError, TrustChangedError, LooseningTrustError, what `findProjectFor` throws
 */
export async function trustProject(
  input: TrustProjectInput,
  context: ActionContext,
): Promise<{ project: Project; lines: readonly RiskyLine[] }> {
  await refuseFromInside(context);
  const project = await findProjectFor({ projectDir: input.projectDir }, context);
  return { project, lines: await trustAsSeen(project, input.hash, context) };
}

/** The same for a project that is open. @param seen hash of what the person has seen @throws TrustChangedError, LooseningTrustError */
export async function trustAsSeen(
  project: Project,
  seen: string,
  { home: homeDir, clock, by }: ActionContext,
): Promise<readonly RiskyLine[]> {
  const given = seen.trim().toLowerCase();
  if (given.length < MIN_HASH || !project.fileHash.startsWith(given))
    throw new TrustChangedError(project, given);
  const trust = await trustIn(project, homeDir);
  if (trust.kind === 'fine') return [];
  if (needsPerson(trust.lines, by)) throw new LooseningTrustError(project.filePath, trust.lines);
  await trustFile(project.filePath, project.fileHash, { homeDir, clock });
  return trust.lines;
}

/** A model may hand on a yes to commands; it may not loosen what it is held by. */
export function needsPerson(lines: readonly RiskyLine[], { channel }: By): boolean {
  return channel === 'tool' && lines.some(({ risk }) => risk === 'loosens');
}

class LooseningTrustError extends SamocodeError {
  readonly code = 'person_needed';

  constructor(filePath: string, lines: readonly RiskyLine[]) {
    const loosening = lines.filter(({ risk }) => risk === 'loosens');
    super(
      'Nothing was trusted.',
      `${loosening.map(riskyLineWords).join('; ')} in ${filePath} loosens a rule, and a model or script may not trust that for the human.`,
      'Ask the human to run "samocode trust" in a terminal of their own, or to take the line out of the file.',
    );
  }
}

/** Fewer characters could be guessed at. */
const MIN_HASH = 8;

class TrustChangedError extends SamocodeError {
  readonly code = 'trust_changed';

  constructor({ filePath, fileHash }: Project, given: string) {
    super(
      'Nothing was trusted.',
      `"${given.slice(0, 64)}" is not the hash of ${filePath} as it is now.`,
      `Look at its lines again (setup_project, or "samocode trust"); its hash is ${shortHash(fileHash)}.`,
    );
  }
}
