/** Events, read models, checkpoints, jobs and idempotency answers of the embedded form. */
export const databaseFileName = 'stockledger.db';
/** Wrapped keys of personal data. */
export const keyStoreFileName = 'keys.db';
/** How far the log had come a moment ago. */
export const markFileName = 'log.mark';
