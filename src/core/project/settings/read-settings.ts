import { dirname } from 'node:path';
import { parse as parseDotenv } from 'dotenv';
import type { SamocodeError } from '../../kernel/errors.ts';
import { PHASE_NAMES, type Phase } from '../../kernel/phases/table.ts';
import { projectRows } from './project-rows.ts';
import { type FileEntry, parseSamocodeFile, pathFromFile } from './samocode-file.ts';
import { type SettingSource, settingInvalid, settingMissing } from './setting-errors.ts';
import type { SettingSpec } from './setting-spec.ts';
import { type SettingWarning, warnAboutKeys } from './setting-warnings.ts';
import {
  type CallSettings,
  familyPrefix,
  furtherSettings,
  isOfFamily,
  keyOfPhase,
  type Readings,
  type SettingProblems,
  type SettingReading,
  type Settings,
  settingByKey,
  settingRows,
  type ValuesOf,
} from './settings.ts';

export interface SettingTexts {
  projectFile?: { path: string; text: string };
  envFile?: { path: string; text: string };
  env: Readonly<Record<string, string | undefined>>;
  homeDir: string;
  /** Where a project is that its file does not say. */
  places?: Partial<Record<string, string>>;
  call?: CallSettings;
}

export interface SettingsReading {
  readings: Readings;
  /** Of use only without a problem; a setting that has one may have no value. */
  values: Settings;
  warnings: readonly SettingWarning[];
}

/** Reads every setting: call › environment › `.samocode` › `.env` › default. Returns problems, never throws them. */
export function readSettings(texts: SettingTexts): SettingsReading {
  const reader = newReader(texts);
  const { entries, envFile, warnings } = reader;
  warnings.push(...warnAboutKeys(entries, texts.projectFile?.path, envFile, texts.envFile?.path));
  const readings = furtherSettings.items.reduce(
    (all, { check }) => (check ? withProblems(all, check(all)) : all),
    readingsBy(reader, settingRows()),
  );
  // Every row has a reading, whose value its own kind has parsed.
  return { readings, values: valuesIn(readings, settingRows()) as unknown as Settings, warnings };
}

/** Reads some settings alone, as a program does that starts often: without warnings and checks of extensions. */
export function readRows<Rows extends Readonly<Record<string, SettingSpec>>>(
  texts: SettingTexts,
  rows: Rows,
) {
  const readings = readingsBy(newReader(texts), Object.values(rows));
  return { readings, values: valuesIn(readings, Object.values(rows)) as ValuesOf<Rows> };
}

/** The values as they would be without these lines of the file, but for families. */
export function valuesWithout(
  { readings, values }: Pick<SettingsReading, 'readings' | 'values'>,
  lines: readonly { key: string }[],
): Settings {
  const usual = lines.flatMap(({ key }) => {
    const spec = readings.get(key)?.spec;
    return spec === undefined || spec.family ? [] : [[spec.name, byDefault(spec, undefined).value]];
  });
  return { ...values, ...Object.fromEntries(usual) };
}

function readingsBy(reader: Reader, rows: readonly SettingSpec[]): Readings {
  return new Map(rows.flatMap((spec) => readRow(reader, spec)).map((reading) => [reading.key, reading]));
}

export function problemsIn({ readings }: Pick<SettingsReading, 'readings'>): SamocodeError[] {
  return [...readings.values()].flatMap(({ problem }) => problem ?? []);
}

/** Adds problems, but not to a setting that already has one. */
export function withProblems(readings: Readings, problems: SettingProblems): Readings {
  const judged = (reading: SettingReading): SettingReading => {
    const { spec, key, source, value } = reading;
    const problem = reading.problem ?? problems[key];
    if (typeof problem !== 'string') return { ...reading, problem };
    const invalid = settingInvalid(spec, { key, written: String(value), source, problem });
    return { ...reading, value: undefined, problem: invalid };
  };
  return new Map([...readings].map(([key, reading]) => [key, judged(reading)]));
}

function valuesIn(readings: Readings, rows: readonly SettingSpec[]): Record<string, unknown> {
  const valueFor = (spec: SettingSpec) => {
    if (!spec.family) return readings.get(spec.key)?.value;
    const members = [...readings.values()].filter((reading) => reading.spec === spec);
    if (spec.family === 'phase') return Object.fromEntries(members.map(({ phase, value }) => [phase, value]));
    if (spec.family === 'check') return members.map(({ key, value }) => ({ key, command: String(value) }));
    const prefix = familyPrefix(spec).length;
    return members.map(({ key, value }) => ({ name: key.slice(prefix), value: String(value) }));
  };
  return Object.fromEntries(rows.map((spec) => [spec.name, valueFor(spec)]));
}

interface Reader {
  texts: SettingTexts;
  entries: readonly FileEntry[];
  envFile: Readonly<Record<string, string>>;
  warnings: SettingWarning[];
  /** On which the paired keys of MODEL and TIMEOUT depend. */
  readonly provider: string;
}

function newReader(texts: SettingTexts): Reader {
  const { entries, warnings } = parseSamocodeFile(texts.projectFile?.text ?? '');
  const path = texts.projectFile?.path ?? '.samocode';
  return {
    texts,
    entries,
    envFile: texts.envFile ? parseDotenv(texts.envFile.text) : {},
    warnings: warnings.map((warning) => ({ ...warning, path })),
    get provider() {
      return String(readSetting(this, projectRows().provider).value ?? '');
    },
  };
}

interface Written {
  written: string;
  source: SettingSource;
}

function readRow(reader: Reader, spec: SettingSpec): SettingReading[] {
  switch (spec.family) {
    case 'phase':
      return PHASE_NAMES.flatMap((phase) => readPhase(reader, spec, phase));
    case 'check':
      return readChecks(reader, spec);
    case 'named':
      return readOfFile(reader, spec);
    default:
      return [readSetting(reader, spec)];
  }
}

function readPhase(reader: Reader, spec: SettingSpec, phase: Phase): SettingReading[] {
  const key = keyOfPhase(spec, phase);
  const given = called(reader, spec);
  const inCall: unknown =
    typeof given === 'object' && given !== null
      ? Object.entries(given).find(([each]) => each === phase)?.[1]
      : undefined;
  const found = fromCall(inCall) ?? fromProjectFile(reader, key);
  return found ? [{ ...parseSetting(reader, spec, key, found), phase }] : [];
}

function readChecks(reader: Reader, spec: SettingSpec): SettingReading[] {
  const given = reader.texts.call?.checks;
  if (given === undefined) return readOfFile(reader, spec);
  return given.map(({ key, command }) =>
    parseSetting(reader, spec, key, { written: command, source: { kind: 'call' } }),
  );
}

function readOfFile(reader: Reader, spec: SettingSpec): SettingReading[] {
  const keys = reader.entries.map(({ key }) => key).filter((key) => isOfFamily(spec, key));
  return keys.flatMap((key) => {
    const found = fromProjectFile(reader, key);
    return found ? [parseSetting(reader, spec, key, found)] : [];
  });
}

function readSetting(reader: Reader, spec: SettingSpec): SettingReading {
  if (spec.isRaisedOnly) return readLargest(reader, spec);
  const paired = pairedName(reader, spec);
  const found =
    fromCall(called(reader, spec)) ??
    fromEnvironment(reader, paired) ??
    (spec.scope === 'project' ? fromProjectFile(reader, spec.key, spec.mayBeEmpty) : undefined) ??
    fromEnvFile(reader, paired);
  if (found && !(spec.name === 'model' && isForAnotherProvider(reader, found.source))) {
    return parseSetting(reader, spec, spec.key, found);
  }
  if (spec.byPlace !== undefined) {
    const place = reader.texts.places?.[spec.name];
    if (place !== undefined) return { spec, key: spec.key, source: { kind: 'default' }, value: place };
    const empty = reader.entries.some(({ key }) => key === spec.key);
    const problem = settingMissing(spec, reader.texts.projectFile?.path, empty);
    return { spec, key: spec.key, source: { kind: 'unset' }, value: undefined, problem };
  }
  return byDefault(spec, paired);
}

/** The machine's number, unless that of the file is larger or cannot be understood. */
function readLargest(reader: Reader, spec: SettingSpec): SettingReading {
  const machine = fromEnvironment(reader, spec.key) ?? fromEnvFile(reader, spec.key);
  const [ofFile, ofMachine] = [fromProjectFile(reader, spec.key), machine].map(
    (found) => found && parseSetting(reader, spec, spec.key, found),
  );
  if (ofFile === undefined) return ofMachine ?? byDefault(spec, undefined);
  return ofFile.problem || Number(ofFile.value) > Number(ofMachine?.value ?? 0)
    ? ofFile
    : (ofMachine ?? ofFile);
}

function pairedName(reader: Reader, spec: SettingSpec): string | undefined {
  if (spec.scope !== 'project') return spec.key;
  if (spec.pairedPerProvider) return `${reader.provider.toUpperCase()}_${spec.pairedPerProvider}`;
  return spec.pairedWith;
}

function byDefault(spec: SettingSpec, paired: string | undefined): SettingReading {
  const isPaired = paired !== undefined && paired !== spec.key;
  const written = (isPaired ? settingByKey(paired)?.default : undefined) ?? spec.default;
  const value = written ? spec.parse(written) : written;
  return { spec, key: spec.key, source: { kind: written === undefined ? 'unset' : 'default' }, value };
}

// MODEL in the file belongs to the file's provider: a model of claude must not be passed to codex.
function isForAnotherProvider(reader: Reader, source: SettingSource): boolean {
  if (source.kind !== 'project_file') return false;
  const { call: _, ...withoutCall } = reader.texts;
  const ofFile = fromProjectFile(reader, 'PROVIDER')?.written ?? newReader(withoutCall).provider;
  if (ofFile.toLowerCase() === reader.provider) return false;
  const text = `Line ${source.line}: MODEL is meant for ${ofFile} and was not used for ${reader.provider}.`;
  reader.warnings.push({ path: source.path, line: source.line, text });
  return true;
}

function called({ texts }: Reader, { name }: SettingSpec): unknown {
  // A call has no setting that is not per session; such a name reads as undefined.
  const call: Readonly<Record<string, unknown>> = texts.call ?? {};
  return call[name];
}

function fromCall(given: unknown): Written | undefined {
  if (given === undefined || given === '') return undefined;
  const written = Array.isArray(given) ? given.join(',') || 'none' : String(given);
  return { written, source: { kind: 'call' } };
}

// Empty counts as unset (examples and MCP clients have empty placeholders), except where a row allows it in
// `.samocode`.
function fromEnvironment({ texts }: Reader, name = ''): Written | undefined {
  const written = texts.env[name]?.trim();
  return written ? { written, source: { kind: 'environment', name } } : undefined;
}

function fromProjectFile({ entries, texts }: Reader, key: string, mayBeEmpty = false): Written | undefined {
  const entry = entries.find((each) => each.key === key);
  if (!entry || (entry.value === '' && !mayBeEmpty)) return undefined;
  const path = texts.projectFile?.path ?? '.samocode';
  return { written: entry.value, source: { kind: 'project_file', path, key, line: entry.line } };
}

function fromEnvFile({ envFile, texts }: Reader, name = ''): Written | undefined {
  const written = envFile[name]?.trim();
  const path = texts.envFile?.path ?? '.env';
  return written ? { written, source: { kind: 'env_file', path, name } } : undefined;
}

function parseSetting(
  reader: Reader,
  spec: SettingSpec,
  key: string,
  { written, source }: Written,
): SettingReading {
  if (written === '') return { spec, key, source, value: '' };
  const value = spec.parse(written);
  if (value === undefined) {
    const problem = settingInvalid(spec, { key, written, source });
    return { spec, key, source, value, problem };
  }
  return { spec, key, source, value: withAbsolutePaths(reader, spec, value) };
}

function withAbsolutePaths(reader: Reader, spec: SettingSpec, value: unknown): unknown {
  if (spec.kind === 'paths' && Array.isArray(value)) return value.map((path) => absolute(reader, path));
  return isPath(spec, value) ? absolute(reader, value) : value;
}

function isPath(spec: SettingSpec, value: unknown): value is string {
  if (typeof value !== 'string') return false;
  return spec.kind === 'folder' || spec.kind === 'file' || (spec.kind === 'program' && value.includes('/'));
}

function absolute({ texts }: Reader, value: string): string {
  const folder = texts.projectFile ? dirname(texts.projectFile.path) : texts.homeDir;
  return pathFromFile(value, { folder, homeDir: texts.homeDir });
}
