import { readSettingTexts } from '../../core/project/finding/open-project.ts';
import { readRows } from '../../core/project/settings/read-settings.ts';
import { oneOf } from '../../core/project/settings/setting-kinds.ts';
import { inScope } from '../../core/project/settings/setting-spec.ts';
import type { FurtherSettings } from '../../core/project/settings/settings.ts';

const AWAKE_ROWS = inScope('machine', {
  keepAwake: {
    ...oneOf(['yes', 'no']),
    key: 'KEEP_AWAKE',
    doc: 'Whether idle sleep is held off while sessions work (docs/guides/overnight.md). Unset: yes, but not on battery.',
  },
});

export const AWAKE_SETTINGS: readonly FurtherSettings[] = [{ rows: AWAKE_ROWS }];

/** What the person wants on this machine; an invalid value counts as unset, and each start refuses it. */
export async function keepAwake(machine: {
  env: Readonly<Record<string, string | undefined>>;
  home: string;
}): Promise<'yes' | 'no' | undefined> {
  const texts = await readSettingTexts({ env: machine.env, homeDir: machine.home }).catch(() => undefined);
  return texts && readRows(texts, AWAKE_ROWS).values.keepAwake;
}
