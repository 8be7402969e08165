import type { Project } from '../../project/finding/open-project.ts';
import { trustIn } from '../../project/finding/trust.ts';
import type { ActionContext } from '../acting/context.ts';
import { START_ERRORS } from '../acting/start-errors.ts';

/** Nothing that a file brings along runs before a person has seen it. @throws project_not_trusted */
export async function requireTrust(project: Project, { home }: Pick<ActionContext, 'home'>): Promise<void> {
  const trust = await trustIn(project, home);
  if (trust.kind !== 'untrusted') return;
  const { filePath, hash, lines } = trust;
  throw START_ERRORS.project_not_trusted({
    filePath,
    lines: lines.map(riskyLineWords).join('; '),
    hash: shortHash(hash),
    isLoosening: lines.some(({ risk }) => risk === 'loosens'),
  });
}

/** One line as a person is shown it. */
export function riskyLineWords({ key, value }: { key: string; value: string }): string {
  return `${key}=${value.length > MAX_SHOWN ? `${value.slice(0, MAX_SHOWN)}…` : value}`;
}

const MAX_SHOWN = 200;

/** Enough to tell versions apart, as with commits, and cheap for a model to write back. */
export function shortHash(hash: string): string {
  return hash.slice(0, SHORT_HASH);
}

const SHORT_HASH = 12;
