import { mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import * as z from 'zod';
import { type Clock, isoUtc } from '../../kernel/clock.ts';
import { configFolder } from '../../kernel/config-folder.ts';
import { writeWhole } from '../../kernel/files/atomic-file.ts';
import { fingerprint } from '../../kernel/files/fingerprint.ts';
import { plainJson } from '../../kernel/files/plain-file.ts';
import type { ResolvedSettings } from '../settings/resolve-settings.ts';
import { valueIn } from '../settings/samocode-file.ts';
import { isAsStrict } from '../settings/setting-spec.ts';
import { allSettings, familyPrefix, type SettingName } from '../settings/settings.ts';
import type { Project } from './open-project.ts';

/** A line of `.samocode` that takes effect only once the user has trusted the file. */
export interface RiskyLine {
  key: string;
  risk: 'loosens' | 'runs';
  /** As read from the file; quote it when shown. */
  value: string;
}

const TrustRecord = z.looseObject({
  v: z.literal(1),
  filePath: z.string(),
  hash: z.string(),
  trustedAt: z.string(),
});

export type Trust =
  /** The file does not run or relax anything, or the user has trusted its current content. */
  { kind: 'fine' } | { kind: 'untrusted'; filePath: string; hash: string; lines: readonly RiskyLine[] };

export async function trustIn(project: Project, homeDir: string): Promise<Trust> {
  const { filePath, fileHash: hash } = project;
  const lines = riskyLines(project);
  if (lines.length === 0 || (await isTrusted(filePath, hash, homeDir))) return { kind: 'fine' };
  return { kind: 'untrusted', filePath, hash, lines };
}

/** Only `.samocode` sets them: no call and no environment. */
const NAMED = ['services', 'ready', 'serviceEnv'] as const;

/** Lines of a project's file that run something or relax a rule; empty if nothing needs trust. */
export function riskyLines({ values, sources }: Pick<ResolvedSettings, 'values' | 'sources'>): RiskyLine[] {
  const single = (Object.keys(allSettings()) as SettingName[]).flatMap((name): RiskyLine[] => {
    const spec = allSettings()[name];
    const source = sources[name];
    if (!('risk' in spec) || 'family' in spec || source?.kind !== 'project_file') return [];
    // A line that is at least as strict as the default needs no trust.
    if ('default' in spec && isAsStrict(spec, values[name], spec.schema().parse(spec.default))) return [];
    return [{ key: spec.key, risk: spec.risk, value: String(values[name]) || 'none' }];
  });
  const checks = sources.checks?.kind === 'project_file' ? values.checks : [];
  return [
    ...single,
    ...checks.map(({ key, command }): RiskyLine => ({ key, risk: 'runs', value: command })),
    ...NAMED.flatMap((row) =>
      values[row].map(
        ({ name, value }): RiskyLine => ({
          key: familyPrefix(allSettings()[row]) + name,
          risk: 'runs',
          value,
        }),
      ),
    ),
  ];
}

/** Whether the user trusted exactly this content of the file. A malformed record trusts nothing. */
export async function isTrusted(filePath: string, hash: string, homeDir: string): Promise<boolean> {
  const record = await plainJson(recordPath(filePath, homeDir), TrustRecord);
  return record?.filePath === filePath && record.hash === hash;
}

/**
 * Whether a project's `.samocode` currently switches on a setting that relaxes a rule: only a trusted one does.
 * `untrusted`: it is written there, and has no effect.
 */
export async function isOnNow(
  filePath: string,
  key: string,
  homeDir: string,
): Promise<'on' | 'off' | 'untrusted'> {
  const text = await readFile(filePath, 'utf8').catch(() => '');
  if (valueIn(text, key)?.toLowerCase() !== 'on') return 'off';
  return (await isTrusted(filePath, fingerprint(text), homeDir)) ? 'on' : 'untrusted';
}

/** Records that the user trusts this content of the file; only called for a human act. */
export async function trustFile(
  filePath: string,
  hash: string,
  { homeDir, clock }: { homeDir: string; clock: Clock },
): Promise<void> {
  const path = recordPath(filePath, homeDir);
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const record = { v: 1, filePath, hash, trustedAt: isoUtc(clock.now()) };
  await writeWhole(path, `${JSON.stringify(record, null, 2)}\n`, 0o600);
}

/** One file per project, so that concurrent writes don't conflict. */
function recordPath(filePath: string, homeDir: string): string {
  const name = fingerprint(filePath).slice(0, 32);
  return join(configFolder(homeDir), 'trusted', `${name}.json`);
}
