import { absoluteFile } from '../../core/project/settings/setting-kinds.ts';
import { type FurtherSettings, valuesOf } from '../../core/project/settings/settings.ts';

const ROWS = {
  rehearsalScenario: {
    ...absoluteFile,
    key: 'REHEARSAL_SCENARIO',
    example: 'REHEARSAL_SCENARIO=/tmp/scenario.json',
    doc: 'The scenario that the rehearsal provider plays, for tests and experiments.',
  },
} as const;

export const REHEARSAL_SETTINGS: readonly FurtherSettings[] = [
  { machine: ROWS, kept: (values) => ({ scenarioPath: valuesOf(ROWS, values).rehearsalScenario }) },
];
