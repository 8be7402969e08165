import { asOneError } from '../../kernel/base-errors.ts';
import { agreedText, cut } from '../../kernel/text.ts';
import type { ProjectFile } from '../../project/finding/trust.ts';
import { agreedHash, type RiskyLine, type Trust, trustFile, trustIn } from '../../project/finding/trust.ts';
import { UNUSABLE } from '../../project/settings/resolve-settings.ts';
import { type By, isPersonal } from '../../session/events/bodies/who-acted.ts';
import { START_ERRORS } from '../errors/start-errors.ts';
import type { ActionContext } from './context.ts';
import { readProjectFor } from './find-project-for.ts';
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
): Promise<{ project: ProjectFile; trust: Trust }> {
  const project = await readFileFor(projectDir, context);
  return { project, trust: await trustIn(project, context) };
}

/** A file can be trusted before its folders exist: they may be made only then. */
async function readFileFor(projectDir: string | undefined, context: ActionContext): Promise<ProjectFile> {
  const { file, problems } = await readProjectFor({ projectDir }, context);
  if (file === undefined) throw asOneError(problems, UNUSABLE);
  return file;
}

/**
 * Records that a person has seen and accepted the commands and relaxed rules of a `.samocode`. After any later change
 * they must be trusted again. Does nothing if they already are.
 * @returns the lines that newly take effect
 */
export async function trustProject(
  input: TrustProjectInput,
  context: ActionContext,
): Promise<{ project: ProjectFile; lines: readonly RiskyLine[] }> {
  await refuseFromInside(context);
  const project = await readFileFor(input.projectDir, context);
  return { project, lines: await trustAsSeen(project, input.hash, context) };
}

/**
 * Like `trustProject`, for a project that is already open.
 * @param seen the hash of the content that the person has seen
 */
export async function trustAsSeen(
  project: ProjectFile,
  seen: string,
  context: ActionContext,
): Promise<readonly RiskyLine[]> {
  const { home: homeDir, clock, by } = context;
  const given = seen.trim().toLowerCase();
  if (given.length < MIN_HASH || !agreedHash(project).startsWith(given))
    throw START_ERRORS.trust_changed({ given, filePath: project.filePath });
  const trust = await trustIn(project, context);
  const { filePath, fileHash, mcpText } = project;
  if (trust.kind === 'fine') {
    // Lines that need no trust can depend on it, too: GATE_CHANNELS and NOTIFY.
    if (isPersonal(by)) await trustFile(filePath, fileHash, { homeDir, clock, mcpText });
    return [];
  }
  if (needsPerson(trust.lines, by)) {
    const loosening = trust.lines.filter(({ risk }) => risk === 'loosens');
    const lines = loosening.map(formatRiskyLine).join('; ');
    throw START_ERRORS.person_needed({ filePath: project.filePath, lines });
  }
  await trustFile(filePath, fileHash, { homeDir, clock, mcpText });
  return trust.lines;
}

/** A model may forward a person's consent to commands, but may not relax its own rules; nor may a form. */
export function needsPerson(lines: readonly RiskyLine[], by: By): boolean {
  return !isPersonal(by) && lines.some(({ risk }) => risk === 'loosens');
}

/** Long enough that a second text with the same digits cannot be made, and short enough for a model to repeat. */
const MIN_HASH = 20;

/** No command from a file runs before a person has seen it. */
export async function requireTrust(
  project: ProjectFile,
  context: Pick<ActionContext, 'home' | 'env'>,
): Promise<void> {
  const trust = await trustIn(project, context);
  if (trust.kind !== 'untrusted') return;
  const { lines, hash } = trustToForward(trust);
  throw START_ERRORS.project_not_trusted({ filePath: trust.filePath, lines: lines.join('; '), hash });
}

/** One line as it is shown to the person who agrees to it: whole, with nothing in it that could be overlooked. */
export function formatRiskyLine({ key, value }: { key: string; value: string }): string {
  return `${key}=${agreedText(value)}`;
}

/**
 * What a model forwards to the person. The hash by which it passes their consent on belongs to lines that were shown
 * whole and that it may pass on; without one, the person runs `samocode trust`.
 */
export function trustToForward({ hash, lines }: Untrusted): { lines: string[]; hash: string | undefined } {
  const shown = lines.map(formatRiskyLine);
  const isForwarded =
    shown.every((line) => line.length <= MAX_FORWARDED) && lines.every(({ risk }) => risk === 'runs');
  return {
    lines: shown.map((line) => cut(line, MAX_FORWARDED)),
    hash: isForwarded ? hash.slice(0, MIN_HASH) : undefined,
  };
}

type Untrusted = Extract<Trust, { kind: 'untrusted' }>;

const MAX_FORWARDED = 2000;
