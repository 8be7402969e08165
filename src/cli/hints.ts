/** What each tool that a hint names is called on the command line. */
const COMMAND_OF: Readonly<Record<string, string>> = {
  setup_project: 'init',
  start_session: 'start',
  list_sessions: 'list',
  get_status: 'status',
  wait: 'run',
  read_qa: 'answer --show',
  answer_qa: 'answer',
  read_plan: 'plan',
  approve_plan: 'approve',
  request_changes: 'changes',
  send_message: 'message',
  stop_session: 'stop',
  resume_session: 'resume',
  read_session: 'show',
  rewind_session: 'rewind',
  finish_session: 'archive',
};

const NAMES = Object.keys(COMMAND_OF).filter((name) => name.includes('_'));
const BOTH = new RegExp(
  `\\b(?:${NAMES.join('|')})(?: \\("(samocode [^"]*)"\\)|, or "(samocode [^"]*)")`,
  'g',
);
const ALONE = new RegExp(`\\b(?:${NAMES.join('|')})\\b`, 'g');

const TRUST =
  /Show these lines to the human\. When they agree: setup_project with trust "[^"]*", or "samocode trust"/;

/** A hint as somebody at a terminal needs it: the use cases speak of tools, which only models have. */
export function hintForTerminal(hint: string): string {
  return hint
    .replace(BOTH, (_all, first?: string, second?: string) => `"${first ?? second}"`)
    .replace(TRUST, 'Read these lines; if they may run: "samocode trust"')
    .replace(/\bwith wait\b/g, `with "samocode ${COMMAND_OF.wait}"`)
    .replace(/\bCall (?=[a-z]+_[a-z]+)/g, 'Use ')
    .replace(ALONE, (name) => `"samocode ${COMMAND_OF[name]}"`)
    .replace(/\b(?:project_dir|init_repository: true)\b/g, (name) =>
      name === 'project_dir' ? '--project' : '--git-init',
    )
    .replace(/\baccept_suggestions\b/g, '--accept-suggestions');
}
