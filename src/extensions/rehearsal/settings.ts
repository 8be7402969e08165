import { absoluteFile } from '../../core/project/settings/setting-kinds.ts';
import { inScope } from '../../core/project/settings/setting-spec.ts';
import { type FurtherSettings, valuesOf } from '../../core/project/settings/settings.ts';

const ROWS = inScope('machine', {
  rehearsalScenario: {
    ...absoluteFile,
    key: 'REHEARSAL_SCENARIO',
    example: 'REHEARSAL_SCENARIO=/tmp/scenario.json',
    doc: 'The scenario that the rehearsal provider plays, for tests and experiments.',
  },
});

export const REHEARSAL_SETTINGS: readonly FurtherSettings[] = [
  { rows: ROWS, kept: (values) => ({ scenarioPath: valuesOf(ROWS, values).rehearsalScenario }) },
];
