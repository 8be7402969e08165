import type { Keep } from '../../kernel/phases/usage-windows.ts';
import { machineRows } from '../settings/machine-rows.ts';
import { projectRows } from '../settings/project-rows.ts';
import { readRows } from '../settings/read-settings.ts';
import type { SettingSpec } from '../settings/setting-spec.ts';
import type { SettingName, Settings } from '../settings/settings.ts';
import { readSettingTexts } from './open-project.ts';

type Named = SettingName | `${string}Path`;

/** What stays for the person of each window of a plan, as this machine says now; nothing if that cannot be read. */
export async function machineKeep({ env, home }: Parameters<typeof machineSetting>[1]): Promise<Keep> {
  const texts = await readSettingTexts({ env, homeDir: home }).catch(() => undefined);
  const { keep5h, keep7d } = projectRows();
  const values = texts && readRows(texts, { keep5h, keep7d }).values;
  return { '5h': values?.keep5h, '7d': values?.keep7d };
}

/** A setting of this machine, outside of any project, as it is now; undefined if it is unset or invalid. */
export async function machineSetting<Name extends Named>(
  name: Name,
  { env, home }: { env: Readonly<Record<string, string | undefined>>; home: string },
): Promise<(Name extends SettingName ? Settings[Name] : string) | undefined> {
  const texts = await readSettingTexts({ env, homeDir: home });
  const rowIn = (rows: Readonly<Record<string, SettingSpec>>) => rows[name];
  const row = rowIn(machineRows()) ?? rowIn(projectRows());
  // The kind of its row has parsed it; the rows of all agent CLIs are made alike.
  return row && (readRows(texts, { [name]: row }).values[name] as never);
}
