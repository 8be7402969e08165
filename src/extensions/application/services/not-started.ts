import { join, relative } from 'node:path';
import type { ServiceLine } from '../../../core/kernel/phases/application.ts';
import type { CheckEnd } from '../../../core/project/proving/run-check.ts';
import type { ServedPlace } from '../served-place.ts';
import { ServiceOutput } from './service-output.ts';

/** The failure of a service that could not be started. */
export function notStarted(
  { name, command }: ServiceLine,
  { outputDir, outputRoot }: ServedPlace,
  how: string,
): CheckEnd {
  const outputPath = join(outputDir, `${name}.txt`);
  const output = new ServiceOutput(outputPath);
  output.close();
  return {
    run: {
      ...{ command, isSetup: true, exitCode: null, how, durationMs: 0 },
      ...output.facts,
      output: relative(outputRoot, outputPath),
    },
    failure: { how, lastLines: '', command, outputPath },
  };
}
