import { join } from 'node:path';
import { plainText } from '../../kernel/files/plain-file.ts';
import type { SandboxOpenings } from '../../kernel/sandbox-level.ts';
import { leftOutNames } from '../../sandbox/programs/environment.ts';

/** Set variables that files of a repository name, but that the sandbox leaves out. */
export interface ProposedVariables {
  names: string[];
  /** The files that name them. */
  from: string[];
}

/** `${NAME}`, `${NAME:-default}`, `${env.NAME}` and `%NAME%`. */
const REFERENCE = /\$\{(?:env\.)?([A-Za-z_]\w*)[^}\n]*\}|%([A-Za-z_]\w*)%/g;
const ASSIGNMENT = /^\s*(?:export\s+)?([A-Za-z_]\w*)=/gm;

const FILES: Readonly<Record<string, RegExp>> = {
  '.npmrc': REFERENCE,
  '.yarnrc.yml': REFERENCE,
  'settings.xml': REFERENCE,
  '.mvn/settings.xml': REFERENCE,
  'nuget.config': REFERENCE,
  'NuGet.config': REFERENCE,
  'NuGet.Config': REFERENCE,
  '.mcp.json': REFERENCE,
  '.env.example': ASSIGNMENT,
};

const MAX_BYTES = 1024 * 1024;

interface Sandboxed {
  sandbox?: string;
  openings: Pick<SandboxOpenings, 'env'>;
}

/** Reads files at the top of a repository. @returns undefined if there is nothing to propose */
export async function proposedVariables(
  top: string,
  env: Readonly<Record<string, string | undefined>>,
  { sandbox, openings }: Sandboxed,
): Promise<ProposedVariables | undefined> {
  if (sandbox === 'off') return undefined;
  const out = leftOutNames(env, { isStrict: sandbox === 'strict', env: openings.env, clis: [] });
  const found = await Promise.all(
    Object.entries(FILES).map(async ([file, pattern]) => {
      const text = (await plainText(join(top, file), MAX_BYTES)) ?? '';
      const named = new Set([...text.matchAll(pattern)].map(([, name, other]) => name ?? other));
      return { file, names: out.filter((name) => named.has(name)) };
    }),
  );
  const names = [...new Set(found.flatMap((each) => each.names))].sort();
  const from = found.filter((each) => each.names.length > 0).map(({ file }) => file);
  return names.length === 0 ? undefined : { names, from };
}

/** A sentence that says what the sandbox leaves out and which line of `.samocode` admits it. */
export function variablesText({ names, from }: ProposedVariables): string {
  return `${from.join(', ')} ${from.length === 1 ? 'names' : 'name'} ${names.join(', ')}, which the sandbox leaves out of the environment; a line of .samocode that a person trusts admits it: ${variablesLine(names)}.`;
}

function variablesLine(names: readonly string[]): string {
  return `SANDBOX_ENV=${names.join(',')}`;
}
