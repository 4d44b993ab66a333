/** Events, read models, checkpoints, jobs and idempotency answers of the embedded form. */
export const databaseFileName = 'stockledger.db';
