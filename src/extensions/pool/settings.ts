import { wholeNumber } from '../../core/project/settings/setting-kinds.ts';
import type { ProjectRow } from '../../core/project/settings/setting-spec.ts';
import type { FurtherSettings } from '../../core/project/settings/settings.ts';

export const POOL_ROWS = {
  poolDays: {
    ...wholeNumber('days', 1, 3650),
    key: 'POOL_DAYS',
    default: '14',
    reach: {},
    doc: 'After how many days an archived, merged, discarded or done session leaves its pool. In days.',
  },
} as const satisfies Record<string, ProjectRow>;

export const POOL_SETTINGS: readonly FurtherSettings[] = [{ project: POOL_ROWS }];
