/**
 * Our tools that a client may run without a question. The acts of the human are not among them (approve_plan, answer_qa,
 * finish_session, rewind_session, and setup_project for its trust), so that the client's own question to its user is the human act.
 */
export const ALLOWED_TOOLS: readonly string[] = [
  'start_session',
  'list_sessions',
  'get_status',
  'wait',
  'read_qa',
  'read_plan',
  'request_changes',
  'send_message',
  'stop_session',
  'resume_session',
  'read_session',
];
