import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type CommandResult, runCommand } from '../../src/core/kernel/processes/run-command.ts';
import { builtPrograms } from './built-programs.ts';

/** One step of a composite action. */
interface ActionStep {
  id?: string;
  shell?: string;
  uses?: string;
  run?: string;
  env: Record<string, string>;
}

export interface Action {
  /** Output to expression. */
  outputs: Record<string, string>;
  steps: ActionStep[];
}

/** Reads the part of YAML in which our action.yml is written: nested maps of one line per value, and one list. */
export function readAction(yaml: string): Action {
  const action: Action = { outputs: {}, steps: [] };
  const path: string[] = [];
  for (const line of yaml.split('\n')) {
    const found = /^( *)(- )?([\w-]+):(?: (.*))?$/.exec(line);
    if (found === null) continue;
    const [, indent = '', item, key = '', value] = found;
    if (item !== undefined) action.steps.push({ env: {} });
    const depth = (indent.length + (item?.length ?? 0)) / 2;
    path[depth] = key;
    path.length = depth + 1;
    if (value === undefined) continue;
    const [top, name = '', , of] = path;
    const step = action.steps.at(-1);
    if (top === 'outputs' && key === 'value') action.outputs[name] = value;
    if (top !== 'runs' || step === undefined) continue;
    if (of === 'env') step.env[key] = value;
    else Object.assign(step, { [key]: value });
  }
  return action;
}

export interface JobEvent {
  name: string;
  payload: unknown;
  /** What the workflow gives `with:`. */
  inputs?: Readonly<Record<string, string>>;
}

export interface JobEnd {
  /** Of the first step that failed, else 0. */
  exitCode: number | null;
  log: string;
  summary: string;
  outputs: Record<string, string>;
}

/**
 * Runs action.yml as a runner does: each `run:` by its shell, with the variables and files that GitHub documents.
 * @param folder of the runner @param server the address below which the repository `o/r` is
 */
export async function runAction(
  { folder, server, env }: { folder: string; server: string; env: Record<string, string> },
  { name, payload, inputs = {} }: JobEvent,
): Promise<JobEnd> {
  const yaml = await readFile('action.yml', 'utf8');
  const { outputs, steps } = readAction(yaml);
  const actionPath = join(folder, 'action');
  await mkdir(join(folder, 'temp'), { recursive: true });
  await mkdir(join(actionPath, 'dist'), { recursive: true });
  const { action } = await builtPrograms();
  // Alone: the tag of a release contains no other program.
  await copyFile(action, join(actionPath, 'dist/action.cjs'));
  const files = { event: join(folder, 'event.json'), summary: join(folder, 'summary.md') };
  await writeFile(files.event, JSON.stringify(payload));
  await writeFile(files.summary, '');
  const known = new Map(Object.entries({ 'github.token': 'ghs_secret' }));
  for (const [key, value] of Object.entries(inputs)) known.set(`inputs.${key}`, value);
  const evaluated = (text: string) => text.replace(/\$\{\{ (.*?) \}\}/g, (_, key) => known.get(key) ?? '');
  let log = '';
  let exitCode: number | null = 0;
  for (const [at, step] of steps.entries()) {
    if (step.shell !== 'bash' || step.run === undefined || exitCode !== 0) continue;
    const output = join(folder, `output-${at}`);
    await writeFile(output, '');
    const own = Object.entries(step.env).map(([key, value]) => [key, evaluated(value)]);
    const ran: CommandResult = await runCommand(
      'bash',
      ['--noprofile', '--norc', '-eo', 'pipefail', '-c', step.run],
      {
        cwd: folder,
        env: {
          ...env,
          CI: 'true',
          GITHUB_ACTIONS: 'true',
          GITHUB_EVENT_NAME: name,
          GITHUB_EVENT_PATH: files.event,
          GITHUB_STEP_SUMMARY: files.summary,
          GITHUB_OUTPUT: output,
          GITHUB_WORKSPACE: folder,
          GITHUB_SERVER_URL: server,
          GITHUB_REPOSITORY: 'o/r',
          GITHUB_ACTION_PATH: actionPath,
          RUNNER_TEMP: join(folder, 'temp'),
          ...Object.fromEntries(own),
        },
      },
    );
    log += ran.stdout + ran.stderr;
    exitCode = ran.exitCode;
    for (const line of (await readFile(output, 'utf8')).split('\n').filter(Boolean)) {
      const [key = '', value = ''] = line.split('=');
      known.set(`steps.${step.id}.outputs.${key}`, value);
    }
  }
  return {
    exitCode,
    log,
    summary: await readFile(files.summary, 'utf8'),
    outputs: Object.fromEntries(Object.entries(outputs).map(([key, value]) => [key, evaluated(value)])),
  };
}
