import { isOfRepository, missingProgram } from '../../project/finding/project-command.ts';
import { childEnvironment } from '../../providers/starting/environment.ts';
import { checksOf, type Worker } from '../core/worker.ts';
import { WORKER_ERRORS } from '../core/worker-errors.ts';

/**
 * Looks the program of each check up before any agent is paid, once SETUP may have installed it.
 * @throws checks
 */
export async function requireCheckPrograms(worker: Worker, cwd: string): Promise<void> {
  const env = childEnvironment(worker.env, { sessionUlid: worker.file.id, iteration: 0 });
  for (const check of checksOf(worker)) {
    const program = await missingProgram(check, { cwd, env });
    if (program !== undefined && !isOfRepository(program)) throw WORKER_ERRORS.checks({ program, check });
  }
}
