import { Argument, type Command } from 'commander';
import type { Cli } from '../../core/kit/terminal/cli.ts';
import { shortNames } from '../../core/kit/terminal/short-names.ts';

export function addCompletion(program: Command, cli: Cli): void {
  program
    .command('completion')
    .description('Print a script that completes commands, options and session names')
    .addArgument(new Argument('<shell>', 'the shell that runs it').choices(Object.keys(SCRIPTS)))
    .action((shell: keyof typeof SCRIPTS) => cli.output.raw(SCRIPTS[shell]));
}

/** The scripts call this at each Tab with the words up to the cursor. It starts no other process. */
export function addComplete(program: Command, cli: Cli): void {
  program
    .command('__complete [words...]', { hidden: true })
    .helpOption(false)
    .action(async (words: string[]) => {
      // A shell cannot show an error at a Tab.
      const found = await candidates(program, cli, words).catch(() => []);
      const current = words.at(-1) ?? '';
      const lines = found.filter(([word]) => word.startsWith(current)).map((each) => `${each.join('\t')}\n`);
      cli.output.raw(lines.join(''));
    });
}

type Candidate = readonly [word: string, description: string];

async function candidates(program: Command, cli: Cli, words: readonly string[]): Promise<Candidate[]> {
  const [name = '', ...rest] = words;
  const help = program.createHelp();
  const commands = help
    .visibleCommands(program)
    .map((command) => [command.name(), command.description()] as const);
  if (words.length < 2) return name.startsWith('-') ? optionsOf(program) : commands;
  if (name === 'help') return commands;
  const command = program.commands.find((each) => each.name() === name);
  if (command === undefined) return [];
  const { wanted, project, typed } = readBefore(command, rest.slice(0, -1));
  if (wanted) return (wanted.argChoices ?? []).map((choice) => [choice, '']);
  if (rest.at(-1)?.startsWith('-')) return optionsOf(command);
  const argument =
    command.registeredArguments.at(typed) ?? command.registeredArguments.findLast((each) => each.variadic);
  if (argument?.argChoices) return argument.argChoices.map((choice) => [choice, '']);
  return argument?.name().startsWith('session') ? await sessionNames(cli, project, name === 'unarchive') : [];
}

function optionsOf(command: Command): Candidate[] {
  const options = command.createHelp().visibleOptions(command);
  return options.map(({ long, short, description }) => [long ?? short ?? '', description]);
}

/** Reads from the words after a command's name how the next word is to be completed. */
function readBefore(command: Command, words: readonly string[]) {
  let wanted: Command['options'][number] | undefined;
  let project: string | undefined;
  let typed = 0;
  for (const word of words) {
    if (wanted) {
      if (wanted.attributeName() === 'project') project = word;
      wanted = undefined;
    } else if (word.startsWith('-'))
      wanted = command.options.find(
        ({ long, short, required, optional }) => (required || optional) && (word === long || word === short),
      );
    else typed += 1;
  }
  return { wanted, project, typed };
}

/** Reads folder names only: reading every session is too slow for a Tab. */
async function sessionNames(cli: Cli, project: string | undefined, archived: boolean): Promise<Candidate[]> {
  const [{ findSessionsFolders }, { archivedFolders, sessionFolders }] = await Promise.all([
    import('../../core/caller/context/sessions-folders.ts'),
    import('../../core/session/session-list.ts'),
  ]);
  const places = await findSessionsFolders(project, await cli.actionContext());
  const own = places.filter(({ isOwn }) => isOwn);
  const folders = await Promise.all(
    (own.length > 0 ? own : places).map(async ({ sessionsDir }) => {
      const away = new Set(await archivedFolders(sessionsDir));
      return (await sessionFolders(sessionsDir)).filter((folder) => away.has(folder) === archived);
    }),
  );
  return shortNames(folders.flat()).map((name) => [name, '']);
}

const SCRIPTS = {
  bash: `_samocode() {
  local word about
  COMPREPLY=()
  while IFS=$'\\t' read -r word about; do
    COMPREPLY+=("$word")
  done < <(samocode __complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -o default -F _samocode samocode
`,
  zsh: `#compdef samocode
_samocode() {
  local word about
  local -a found shown
  while IFS=$'\\t' read -r word about; do
    found+=("$word")
    shown+=("$word\${about:+  -- $about}")
  done < <(samocode __complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)
  if (( \${#found} )); then compadd -l -d shown -a found; else _files; fi
}
compdef _samocode samocode
`,
  fish: `function __samocode_complete
  set -l before (commandline -opc)
  set -l current (commandline -ct)
  set -l found (samocode __complete -- $before[2..] "$current" 2>/dev/null)
  if test (count $found) -gt 0
    printf '%s\\n' $found
  else
    __fish_complete_path "$current"
  end
end
complete -c samocode -f -a '(__samocode_complete)'
`,
};
