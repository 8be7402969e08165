import type { Project } from '../../project/finding/open-project.ts';
import { type RiskyLine, type Trust, trustFile, trustIn } from '../../project/finding/trust.ts';
import { type By, isPersonal } from '../../session/events/bodies/who-acted.ts';
import { START_ERRORS } from '../errors/start-errors.ts';
import type { ActionContext } from './context.ts';
import { findProjectFor } from './find-project-for.ts';
import { refuseFromInside } from './refuse-from-inside.ts';

export interface TrustProjectInput {
  projectDir?: string;
  /** The hash of the content that the person has seen; a prefix is enough. */
  hash: string;
}

/** Whether a project needs a person's trust, and for which lines. */
export async function readTrust(
  { projectDir }: Pick<TrustProjectInput, 'projectDir'>,
  context: ActionContext,
): Promise<{ project: Project; trust: Trust }> {
  const project = await findProjectFor({ projectDir }, context);
  return { project, trust: await trustIn(project, context.home) };
}

/**
 * Records that a person has seen and accepted the commands and relaxed rules of a `.samocode`. After any later change
 * they must be trusted again. Does nothing if they already are.
 * @returns the lines that newly take effect
 */
export async function trustProject(
  input: TrustProjectInput,
  context: ActionContext,
): Promise<{ project: Project; lines: readonly RiskyLine[] }> {
  await refuseFromInside(context);
  const project = await findProjectFor({ projectDir: input.projectDir }, context);
  return { project, lines: await trustAsSeen(project, input.hash, context) };
}

/**
 * Like `trustProject`, for a project that is already open.
 * @param seen the hash of the content that the person has seen
 */
export async function trustAsSeen(
  project: Project,
  seen: string,
  { home: homeDir, clock, by }: ActionContext,
): Promise<readonly RiskyLine[]> {
  const given = seen.trim().toLowerCase();
  if (given.length < MIN_HASH || !project.fileHash.startsWith(given))
    throw START_ERRORS.trust_changed({
      given,
      filePath: project.filePath,
      hash: shortHash(project.fileHash),
    });
  const trust = await trustIn(project, homeDir);
  if (trust.kind === 'fine') return [];
  if (needsPerson(trust.lines, by)) {
    const loosening = trust.lines.filter(({ risk }) => risk === 'loosens');
    const lines = loosening.map(formatRiskyLine).join('; ');
    throw START_ERRORS.person_needed({ filePath: project.filePath, lines });
  }
  await trustFile(project.filePath, project.fileHash, { homeDir, clock });
  return trust.lines;
}

/** A model may forward a person's consent to commands, but may not relax its own rules; nor may a form. */
export function needsPerson(lines: readonly RiskyLine[], by: By): boolean {
  return !isPersonal(by) && lines.some(({ risk }) => risk === 'loosens');
}

/** A shorter prefix could be guessed. */
const MIN_HASH = 8;

/** No command from a file runs before a person has seen it. */
export async function requireTrust(project: Project, { home }: Pick<ActionContext, 'home'>): Promise<void> {
  const trust = await trustIn(project, home);
  if (trust.kind !== 'untrusted') return;
  const { filePath, hash, lines } = trust;
  throw START_ERRORS.project_not_trusted({
    filePath,
    lines: lines.map(formatRiskyLine).join('; '),
    hash: shortHash(hash),
    isLoosening: lines.some(({ risk }) => risk === 'loosens'),
  });
}

/** One line in the form shown to a person. */
export function formatRiskyLine({ key, value }: { key: string; value: string }): string {
  return `${key}=${value.length > MAX_SHOWN ? `${value.slice(0, MAX_SHOWN)}…` : value}`;
}

const MAX_SHOWN = 200;

/** Long enough to distinguish versions, like an abbreviated commit hash, and cheap for a model to repeat. */
export function shortHash(hash: string): string {
  return hash.slice(0, SHORT_HASH);
}

const SHORT_HASH = 12;
