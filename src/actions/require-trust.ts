import { SamocodeError } from '../base/errors.ts';
import type { Project } from '../project/open-project.ts';
import { type RiskyLine, type Trust, trustIn } from '../project/trust.ts';
import type { ActionContext } from './context.ts';

/** Nothing that a file brings along runs before a person has seen it. @throws ProjectNotTrustedError */
export async function requireTrust(project: Project, { home }: Pick<ActionContext, 'home'>): Promise<void> {
  const trust = await trustIn(project, home);
  if (trust.kind === 'untrusted') throw new ProjectNotTrustedError(trust);
}

class ProjectNotTrustedError extends SamocodeError {
  readonly code = 'project_not_trusted';

  constructor({ filePath, hash, lines }: Extract<Trust, { kind: 'untrusted' }>) {
    super(
      'Nothing was started.',
      `${filePath} holds lines that run something or loosen a rule, and nobody has said yet that they may: ` +
        `${lines.map(riskyLineWords).join('; ')}.`,
      trustHint(hash, lines),
    );
  }
}

/** How a person lets the lines count that they have seen. */
export function trustHint(hash: string, lines: readonly RiskyLine[]): string {
  if (lines.some(({ risk }) => risk === 'loosens')) return HINT_FOR_PERSON;
  return `Show these lines to the human. When they agree: setup_project with trust "${shortHash(hash)}", or "samocode trust".`;
}

const HINT_FOR_PERSON =
  'Show these lines to the human. Some loosen a rule, which only they can allow: by the form of setup_project with trust where their client has forms, or with "samocode trust" in a terminal of their own.';

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
