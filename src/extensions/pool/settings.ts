import { wholeNumber } from '../../core/project/settings/setting-kinds.ts';
import { inScope } from '../../core/project/settings/setting-spec.ts';
import type { FurtherSettings } from '../../core/project/settings/settings.ts';

export const POOL_ROWS = inScope('project', {
  poolDays: {
    ...wholeNumber('days', 1, 3650),
    key: 'POOL_DAYS',
    default: '14',
    reach: {},
    doc: 'After how many days an archived, merged, discarded or done session leaves its pool. In days.',
  },
});

export const POOL_SETTINGS: readonly FurtherSettings[] = [{ rows: POOL_ROWS }];
