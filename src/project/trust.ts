import { createHash } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import * as z from 'zod';
import { writeWhole } from '../base/atomic-file.ts';
import { type Clock, isoUtc } from '../base/clock.ts';
import { ifExists } from '../base/errors.ts';
import { configFolder } from './config-folder.ts';
import type { ResolvedSettings } from './resolve-settings.ts';
import { SETTINGS, type SettingName } from './settings.ts';

/** A line of `.samocode` that counts only once the person trusted the file. */
export interface RiskyLine {
  /** `CHECK_LINT`, `GATES`. */
  key: string;
  risk: 'loosens' | 'runs';
  /** As it was read; text of the file, to be shown as a quotation. */
  value: string;
}

const TrustFile = z.looseObject({
  v: z.literal(1),
  /** By the absolute path of the `.samocode`: the hash that was trusted. */
  trusted: z.record(z.string(), z.looseObject({ hash: z.string(), trustedAt: z.string() })),
});
type TrustFile = z.infer<typeof TrustFile>;

/** What a project's file itself would run or loosen. Empty: there is nothing to trust. */
export function riskyLines({ values, sources }: Pick<ResolvedSettings, 'values' | 'sources'>): RiskyLine[] {
  const single = (Object.keys(SETTINGS) as SettingName[]).flatMap((name): RiskyLine[] => {
    const spec = SETTINGS[name];
    const source = sources[name];
    if (!('risk' in spec) || 'family' in spec || source?.kind !== 'project_file') return [];
    // A line that says what would hold without it asks for no trust.
    if ('default' in spec && String(values[name]) === String(spec.schema.parse(spec.default))) return [];
    return [{ key: spec.key, risk: spec.risk, value: String(values[name]) || 'none' }];
  });
  if (sources.checks?.kind !== 'project_file') return single;
  return [
    ...single,
    ...values.checks.map(({ key, command }): RiskyLine => ({ key, risk: 'runs', value: command })),
  ];
}

/** Whether the person trusted exactly this content of the file. A trust file that makes no sense trusts nothing. */
export async function isTrusted(filePath: string, hash: string, homeDir: string): Promise<boolean> {
  return (await readTrust(homeDir))?.trusted[filePath]?.hash === hash;
}

/** Notes that the person trusts this content of the file; only ever called for a human act. */
export async function trustFile(
  filePath: string,
  hash: string,
  { homeDir, clock }: { homeDir: string; clock: Clock },
): Promise<void> {
  const path = trustPath(homeDir);
  const known = await readTrust(homeDir);
  const trusted = { ...known?.trusted, [filePath]: { hash, trustedAt: isoUtc(clock.now()) } };
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await writeWhole(path, `${JSON.stringify({ v: 1, trusted }, null, 2)}\n`, 0o600);
}

/** The hash by which a file is trusted: SHA-256 of its text. */
export function trustHash(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

async function readTrust(homeDir: string): Promise<TrustFile | undefined> {
  const text = await ifExists(readFile(trustPath(homeDir), 'utf8'));
  if (text === undefined) return undefined;
  try {
    return TrustFile.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

function trustPath(homeDir: string): string {
  return join(configFolder(homeDir), 'trusted.json');
}
