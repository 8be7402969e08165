import type { Project } from '../../project/finding/open-project.ts';
import {
  isOfRepository,
  isParsable,
  missingProgram,
  programNotFound,
} from '../../project/proving/project-command.ts';
import { childEnvironment } from '../../sandbox/programs/environment.ts';
import { isFromTerminal } from '../../sandbox/programs/login-shell.ts';
import type { ActionContext } from '../context/context.ts';
import { type DoctorCheck, fail, ok, warn } from './check.ts';
import { environmentOfProject } from './login-of-project.ts';

interface NamedCommand {
  id: string;
  of: 'SETUP' | 'the check';
  setting: 'SETUP' | 'CHECK';
  command: string;
}

/**
 * Checks the syntax and the first program of SETUP and of each CHECK without running them, since they can take an
 * hour. A failure here recurs in every session.
 */
export async function commandChecks(project: Project, { env, home }: ActionContext): Promise<DoctorCheck[]> {
  const { mainRepo, values } = project;
  const { setup, checks } = values;
  const commands: NamedCommand[] = [
    ...(setup === undefined ? [] : [{ id: 'setup', of: 'SETUP', setting: 'SETUP', command: setup } as const]),
    ...checks.map(
      ({ command }, index) =>
        ({ id: `check.${index + 1}`, of: 'the check', setting: 'CHECK', command }) as const,
    ),
  ];
  const inEnvironment = async (env: ActionContext['env']) => {
    const place = { cwd: mainRepo, env: childEnvironment(env, { sessionUlid: '', iteration: 0 }) };
    return await Promise.all(commands.map((named) => commandCheck(named, place, setup !== undefined)));
  };
  const found = await inEnvironment(env);
  if (isFromTerminal(env) || found.every(({ level }) => level === 'ok')) return found;
  // Only if something is missing, because the start-up files of a shell can take seconds.
  return await inEnvironment(await environmentOfProject(project, { env, home }));
}

async function commandCheck(
  { id, of, setting, command }: NamedCommand,
  place: { cwd: string; env: Record<string, string> },
  hasSetup: boolean,
): Promise<DoctorCheck> {
  if (!(await isParsable(command, place)))
    return fail(id, `The shell cannot parse ${of} \`${command}\`.`, `Correct ${setting}.`);
  const program = await missingProgram(command, place);
  if (program === undefined) return ok(id, `${setting}: ${command}`);
  const found = programNotFound(program, of, command);
  // A path in the repository might exist only on a session's branch.
  const mayAppear = isOfRepository(program) || (hasSetup && setting === 'CHECK');
  return mayAppear
    ? warn(
        id,
        found,
        `Check that SETUP creates it, or correct ${setting}; "samocode doctor --checks" tries both.`,
      )
    : fail(id, found, program === 'source' ? `Correct ${setting}.` : `Install it, or correct ${setting}.`);
}
