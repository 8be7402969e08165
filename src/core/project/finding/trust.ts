import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import * as z from 'zod';
import { type Clock, isoUtc } from '../../kernel/clock.ts';
import { configFolder } from '../../kernel/config-folder.ts';
import { ifExists } from '../../kernel/errors.ts';
import { writeWhole } from '../../kernel/files/atomic-file.ts';
import { fingerprint } from '../../kernel/files/fingerprint.ts';
import { makeFolder } from '../../kernel/files/make-folder.ts';
import { plainJson } from '../../kernel/files/plain-file.ts';
import { parseJson } from '../../kernel/parse-json.ts';
import type { SettingsReading } from '../settings/read-settings.ts';
import { valueIn } from '../settings/samocode-file.ts';
import { isAsStrict } from '../settings/setting-spec.ts';
import type { Readings } from '../settings/settings.ts';
import { PROJECT_ERRORS } from './project-errors.ts';
import { type NamedPlace, type NamedPlaces, strayPlaces } from './stray-places.ts';

/** A line of `.samocode` that takes effect only once the user has trusted the file. */
export interface RiskyLine {
  key: string;
  risk: 'loosens' | 'runs';
  /** As read from the file; quote it when shown. */
  value: string;
  /** What is risky about it, if `risk` does not say it. */
  note?: string;
}

/** What trust is asked for: the lines of one content of a project's file, whether or not its folders exist. */
export interface ProjectFile extends Pick<SettingsReading, 'values' | 'readings'> {
  filePath: string;
  /** SHA-256 of that file. */
  fileHash: string;
  /** The text of the MCP file that it names, whose servers run as the user. */
  mcpText?: string;
}

const TrustRecord = z.looseObject({
  v: z.literal(1),
  filePath: z.string(),
  hash: z.string(),
  /** The hash of the MCP file that it names. */
  mcp: z.string().optional(),
  trustedAt: z.string(),
});

export type Trust =
  /** The file does not run or relax anything, or the user has trusted its current content. */
  { kind: 'fine' } | { kind: 'untrusted'; filePath: string; hash: string; lines: readonly RiskyLine[] };

export async function trustIn(project: ProjectFile, { home }: { home: string }): Promise<Trust> {
  const { filePath } = project;
  const record = await readRecord(project, home);
  if (record !== undefined && record.mcp === mcpHash(project)) return { kind: 'fine' };
  const stray = await strayPlaces(project, home);
  const lines = [...riskyLines(project).map((line) => withServers(line, project)), ...stray];
  return lines.length === 0
    ? { kind: 'fine' }
    : { kind: 'untrusted', filePath, hash: agreedHash(project), lines };
}

/**
 * Nothing is taken from a place outside of the file's folder before a person has trusted the file.
 * Without `fileHash`, its current content counts.
 * @param among only these lines matter to the caller
 * @throws place_not_trusted
 */
export async function requirePlaces(
  project: NamedPlaces & { fileHash?: string },
  homeDir: string,
  among?: readonly NamedPlace[],
): Promise<void> {
  await requireTrusted(project, await strayPlaces(project, homeDir, among), homeDir);
}

async function requireTrusted(
  { filePath, fileHash }: { filePath: string; fileHash?: string },
  lines: readonly RiskyLine[],
  homeDir: string,
): Promise<void> {
  if (lines.length === 0) return;
  const hash = fileHash ?? fingerprint((await ifExists(readFile(filePath))) ?? '');
  if (await isTrusted(filePath, hash, homeDir)) return;
  const named = lines.map(({ key, value }) => `${key}=${value}`).join('; ');
  throw PROJECT_ERRORS.place_not_trusted({ filePath, lines: named });
}

/** The line with the content of the file that it names, since that content runs. */
function withServers(line: RiskyLine, { mcpText = '' }: ProjectFile): RiskyLine {
  if (line.key !== 'MCP') return line;
  const content = parseJson(mcpText);
  return { ...line, value: `${line.value} ${content === undefined ? mcpText : JSON.stringify(content)}` };
}

/** Lines of a project's file that run something or relax a rule; empty if nothing needs trust. */
export function riskyLines({ readings }: { readings: Readings }): RiskyLine[] {
  const all = [...readings.values()];
  const single = all.filter(({ spec }) => spec.family === undefined);
  return [...single, ...all.filter(({ spec }) => spec.family)].flatMap(({ spec, key, source, value }) => {
    if (spec.risk === undefined || source.kind !== 'project_file') return [];
    // A line that is at least as strict as the default needs no trust.
    if (spec.default !== undefined && isAsStrict(spec, value, spec.parse(spec.default))) return [];
    return [{ key, risk: spec.risk, value: String(value) || 'none' }];
  });
}

/** What a person agrees to: the file, and the MCP file that it names. */
export function agreedHash({ fileHash, mcpText }: Pick<ProjectFile, 'fileHash' | 'mcpText'>): string {
  return mcpText === undefined ? fileHash : fingerprint(`${fileHash}\n${mcpText}`);
}

function mcpHash({ mcpText }: { mcpText?: string | undefined }): string | undefined {
  return mcpText === undefined ? undefined : fingerprint(mcpText);
}

/**
 * Whether the user trusted exactly this content of the file, whatever the MCP file that it names now says. A malformed
 * record trusts nothing.
 */
export async function isTrusted(filePath: string, hash: string, homeDir: string): Promise<boolean> {
  return (await readRecord({ filePath, fileHash: hash }, homeDir)) !== undefined;
}

async function readRecord(
  { filePath, fileHash }: Pick<ProjectFile, 'filePath' | 'fileHash'>,
  homeDir: string,
) {
  const record = await plainJson(recordPath(filePath, homeDir), TrustRecord);
  return record?.filePath === filePath && record.hash === fileHash ? record : undefined;
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

/** Records that the user trusts this content of the file and of its MCP file; only called for a human act. */
export async function trustFile(
  filePath: string,
  hash: string,
  { homeDir, clock, mcpText }: { homeDir: string; clock: Clock; mcpText?: string | undefined },
): Promise<void> {
  const path = recordPath(filePath, homeDir);
  makeFolder(dirname(path), 0o700);
  const record = { v: 1, filePath, hash, mcp: mcpHash({ mcpText }), trustedAt: isoUtc(clock.now()) };
  await writeWhole(path, `${JSON.stringify(record, null, 2)}\n`, { mode: 0o600 });
}

/** One file per project, so that concurrent writes don't conflict. */
function recordPath(filePath: string, homeDir: string): string {
  const name = fingerprint(filePath).slice(0, 32);
  return join(configFolder(homeDir), 'trusted', `${name}.json`);
}
