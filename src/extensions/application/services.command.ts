import { Argument, type Command } from 'commander';
import { type Cli, EXIT } from '../../core/faces/terminal/cli.ts';
import { CLI_ERRORS } from '../../core/faces/terminal/cli-errors.ts';
import { pagedResult } from '../../core/faces/terminal/pager.ts';
import { printDone } from '../../core/faces/terminal/print-done.ts';
import {
  numberOption,
  projectOf,
  type SharedOptions,
  withPager,
  withSharedOptions,
} from '../../core/faces/terminal/shared-options.ts';
import { fitLine, harmless } from '../../core/faces/terminal/style.ts';
import type { ServicesNow } from '../../core/session/folder/services-now.ts';

interface ServicesOptions extends SharedOptions {
  follow?: true;
  lines: number;
}

const ACTS = ['up', 'down', 'logs'] as const;

export function addServices(program: Command, cli: Cli): void {
  withSharedOptions(withPager(program.command('services <session>')))
    .description("Start or end a session's application while no agent works, or show its output")
    .addArgument(new Argument('<act>', 'what to do').choices(ACTS))
    .argument('[name]', 'with logs: one service')
    .option('-f, --follow', 'with logs: keep following until Ctrl-C')
    .option('-n, --lines <number>', 'with logs: how many lines of each to show', numberOption(1), 40)
    .action(
      async (
        session: string,
        act: (typeof ACTS)[number],
        name: string | undefined,
        options: ServicesOptions,
      ) => {
        requireUsed(act, name, options, cli);
        if (act === 'logs') await showLogs(cli, { session, name, ...options });
        else await setServicesHere(cli, session, act, options);
      },
    );
}

/** @throws usage for what only `logs` takes */
function requireUsed(act: string, name: string | undefined, { follow }: ServicesOptions, cli: Cli): void {
  if (act !== 'logs' && (name !== undefined || follow))
    throw CLI_ERRORS.usage({
      why: `"services … ${act}" applies to all services and does not follow them.`,
      hint: 'Leave out the name and --follow, or use logs.',
    });
  if (follow && cli.output.json)
    throw CLI_ERRORS.usage({
      why: '--follow and --json exclude each other: a followed log does not end, so it cannot be one object.',
      hint: 'Leave one of them out.',
    });
}

async function setServicesHere(cli: Cli, session: string, want: 'up' | 'down', options: SharedOptions) {
  const { setServices } = await import('../../core/acts/sessions/services.act.ts');
  const context = await cli.actionContext();
  const { services, ...acted } = await setServices(
    { session, ...projectOf(options), want, waits: true },
    context,
  );
  const states = services?.services ?? [];
  const isPartial = want === 'up' && !(states.length > 0 && states.every(({ state }) => state === 'ready'));
  if (isPartial) cli.leaveWith(EXIT.failed);
  const facts = { services: states, url: services?.url };
  printDone(cli, acted, { facts, lines: want === 'up' ? stateLines(states) : [], isPartial });
}

function stateLines(services: ServicesNow['services']): string[] {
  const width = Math.max(0, ...services.map(({ name }) => name.length));
  return services.map(({ name, state, port, said }) => {
    const address = port === undefined ? '' : ` on 127.0.0.1:${port}`;
    return `  ${name.padEnd(width)}  ${state}${address}${said === undefined ? '' : `: ${fitLine(said, 400)}`}`;
  });
}

async function showLogs(
  cli: Cli,
  { session, name, follow, ...options }: ServicesOptions & { session: string; name: string | undefined },
): Promise<void> {
  const { newServiceLines, readServiceLogs } = await import('./service-logs.ts');
  const context = await cli.actionContext();
  const question = { session, ...projectOf(options), name, lines: options.lines };
  const { view, logs } = await readServiceLogs(question, context);
  const { dim } = cli.output.style;
  const text = () =>
    logs.length === 0
      ? `No service of ${view.folder} has run yet.`
      : logs.flatMap(({ path, lines }) => [dim(path), ...lines.map(harmless)]).join('\n');
  if (!follow) return await pagedResult(cli, { session: view.folder, services: logs }, text);
  cli.output.say(text());
  const followed = { services: view.paths.services, name };
  for await (const { name: each, line } of newServiceLines(followed, { ...context, signal: cli.interrupted }))
    cli.output.say(name === undefined ? `${dim(each)} ${harmless(line)}` : harmless(line));
}
