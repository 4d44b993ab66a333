/** Pieces go from one warehouse to another (docs/transfers.md): a plan is a promise, all else a fact (T28). */
import { describe, expect, it } from 'vitest';
import { transferDecider } from '../../src/domain/transfer/decider.ts';
import type { TransferEvent } from '../../src/domain/transfer/events.ts';
import { evolveTransfer, figuresOf, statusOf, type Transfer } from '../../src/domain/transfer/state.ts';
import { given } from '../support/deciderSpec.ts';
import { later } from '../support/samples.ts';
import { chairsLine, transferEnds as ends, lampsLine, transferPlanned } from '../support/transfers.ts';

const planned = transferPlanned(chairsLine, lampsLine);
const chairs = (quantity: number) => ({ ...chairsLine, quantity });
const dispatched = (quantity: number, open: number): TransferEvent => ({
  type: 'TransferDispatched',
  data: { ...ends, lines: [{ ...chairs(quantity), open }] },
});
const received = (quantity: number, damaged = 0): TransferEvent => ({
  type: 'TransferReceived',
  data: { ...ends, lines: [{ ...chairs(quantity), damaged }] },
});
const lost = (quantity: number): TransferEvent => ({
  type: 'TransferPiecesLost',
  data: { ...ends, reason: 'fell off', lines: [chairs(quantity)] },
});
const cancelled: TransferEvent = {
  type: 'TransferCancelled',
  data: { ...ends, reason: 'changed mind', lines: [chairsLine, lampsLine] },
};
const cancel = { type: 'CancelTransfer', reason: 'changed mind' } as const;
const ofTransfer = (...history: readonly TransferEvent[]) => given(transferDecider, ...history);

const standing = (...history: readonly TransferEvent[]) => {
  const transfer = history.reduce<Transfer>(evolveTransfer, { phase: 'absent' });
  if (transfer.phase === 'absent') throw new Error('no transfer');
  const [line] = transfer.lines;
  return { status: statusOf(transfer), ...(line === undefined ? {} : figuresOf(line)) };
};

describe('a plan', () => {
  it('is recorded once', () =>
    ofTransfer().when({ type: 'PlanTransfer', transfer: planned.data }).thenRecords(planned));
  it('is the same whenever it is asked for', () => {
    const again = { ...planned.data, plannedAt: later };
    ofTransfer(planned).when({ type: 'PlanTransfer', transfer: again }).thenNothing();
  });
  it('has an id of its own', () => {
    const other = { ...planned.data, lines: [chairsLine] };
    ofTransfer(planned).when({ type: 'PlanTransfer', transfer: other }).thenRefused('TRANSFER_ID_TAKEN');
  });
  it('names each line once, with pieces', () => {
    const twice = { ...planned.data, lines: [chairsLine, chairsLine] };
    ofTransfer().when({ type: 'PlanTransfer', transfer: twice }).thenRefused('TRANSFER_LINE_REPEATED');
    const none = { ...planned.data, lines: [chairs(0)] };
    ofTransfer().when({ type: 'PlanTransfer', transfer: none }).thenRefused('QUANTITY_INVALID');
  });
  it('hears of each line whether the source keeps it, once', () => {
    const claimed = { type: 'TransferLineClaimed', data: { ...ends, ...chairsLine } } as const;
    ofTransfer(planned).when({ type: 'RecordClaim', lineId: '1' }).thenRecords(claimed);
    ofTransfer(planned).when({ type: 'RecordClaim', lineId: '9' }).thenNothing();
  });
  it('cancels itself when the source can not keep a line', () => {
    const declined = { type: 'TransferClaimDeclined', data: { ...ends, ...chairsLine } } as const;
    const reason = 'insufficient_stock';
    const lines = [chairsLine, lampsLine];
    ofTransfer(planned)
      .when({ type: 'RecordDecline', lineId: '1' })
      .thenRecords(declined, { type: 'TransferCancelled', data: { ...ends, reason, lines } });
  });
  it('gives back a claim that comes after its end', () => {
    const claimed = { type: 'TransferLineClaimed', data: { ...ends, ...chairsLine } } as const;
    const returned = { type: 'TransferClaimReturned', data: { ...ends, lineId: '1', sku: 'CHAIR' } } as const;
    ofTransfer(planned, cancelled).when({ type: 'RecordClaim', lineId: '1' }).thenRecords(claimed, returned);
  });
});

describe('a departure', () => {
  it('may be of a part', () =>
    ofTransfer(planned)
      .when({ type: 'DispatchTransfer', lines: [{ lineId: '1', quantity: 3 }] })
      .thenRecordsEachTime(dispatched(3, 7)));
  it('is of all that is still to leave when no lines are named, and then of nothing', () => {
    const rest = { type: 'TransferDispatched', data: { ...ends, lines: [{ ...chairs(7), open: 0 }] } } as const;
    const chairsOnly = transferPlanned(chairsLine);
    ofTransfer(chairsOnly, dispatched(3, 7)).when({ type: 'DispatchTransfer' }).thenRecords(rest);
    ofTransfer(chairsOnly, dispatched(10, 0)).when({ type: 'DispatchTransfer' }).thenRefused('TRANSFER_NOTHING_LEFT');
  });
  it('is a fact, beyond what was planned and after a cancellation', () => {
    const lines = [{ lineId: '1', quantity: 12 }];
    ofTransfer(planned).when({ type: 'DispatchTransfer', lines }).thenRecordsEachTime(dispatched(12, 0));
    ofTransfer(planned, cancelled).when({ type: 'DispatchTransfer', lines }).thenRecordsEachTime(dispatched(12, 0));
    expect(standing(planned, cancelled, dispatched(12, 0))).toMatchObject({ status: 'in_transit', inTransit: 12 });
  });
  it('is of lines that there are, each named once', () => {
    const line = { lineId: '1', quantity: 1 };
    ofTransfer(planned)
      .when({ type: 'DispatchTransfer', lines: [{ lineId: '9', quantity: 1 }] })
      .thenRefused('TRANSFER_LINE_NOT_FOUND');
    ofTransfer(planned)
      .when({ type: 'DispatchTransfer', lines: [line, line] })
      .thenRefused('TRANSFER_LINE_REPEATED');
    ofTransfer(planned)
      .when({ type: 'DispatchTransfer', lines: [{ lineId: '1', quantity: 0.5 }] })
      .thenRefused('QUANTITY_INVALID');
    ofTransfer().when({ type: 'DispatchTransfer' }).thenRefused('TRANSFER_NOT_FOUND');
  });
});

describe('an arrival', () => {
  it('may be of a part, with damaged pieces', () =>
    ofTransfer(planned, dispatched(10, 0))
      .when({ type: 'ReceiveTransfer', lines: [{ lineId: '1', quantity: 4, damaged: 1 }] })
      .thenRecordsEachTime(received(4, 1)));
  it('has no more damaged pieces than pieces', () =>
    ofTransfer(planned, dispatched(10, 0))
      .when({ type: 'ReceiveTransfer', lines: [{ lineId: '1', quantity: 4, damaged: 5 }] })
      .thenRefused('QUANTITY_INVALID'));
  it('is of all that is on its way when no lines are named', () =>
    ofTransfer(planned, dispatched(10, 0), received(4)).when({ type: 'ReceiveTransfer' }).thenRecords(received(6)));
  it('of more than was sent is surplus, until its departure is told', () => {
    const early = [planned, dispatched(3, 7), received(5)];
    expect(standing(...early)).toMatchObject({ inTransit: 0, surplus: 2 });
    expect(standing(...early, dispatched(4, 3))).toMatchObject({ inTransit: 2, surplus: 0 });
  });
});

describe('a loss', () => {
  it('names what left and will not come', () =>
    ofTransfer(planned, dispatched(10, 0), received(7))
      .when({ type: 'RecordLoss', reason: 'fell off' })
      .thenRecords(lost(3)));
  it('is of no more than is on its way', () =>
    ofTransfer(planned, dispatched(10, 0), received(7))
      .when({ type: 'RecordLoss', reason: 'x', lines: [{ lineId: '1', quantity: 4 }] })
      .thenRefused('LOSS_EXCEEDS_TRANSIT'));
  it('was none of what comes after all', () => {
    const history = [planned, dispatched(10, 0), received(7), lost(3)];
    expect(standing(...history)).toMatchObject({ inTransit: 0, lost: 3, surplus: 0 });
    expect(standing(...history, received(2))).toMatchObject({ inTransit: 0, lost: 1, surplus: 0 });
    expect(standing(...history, received(4))).toMatchObject({ inTransit: 0, lost: 0, surplus: 1 });
  });
});

describe('a cancellation', () => {
  it('is of all before anything has left', () => ofTransfer(planned).when(cancel).thenRecords(cancelled));
  it('is of the rest afterwards', () =>
    ofTransfer(planned, dispatched(3, 7))
      .when(cancel)
      .thenRecords({
        type: 'TransferCancelled',
        data: { ...cancelled.data, reason: 'changed mind', lines: [chairs(7), lampsLine] },
      }));
  it('of what has left is refused: it arrives, or is lost', () =>
    ofTransfer(transferPlanned(chairsLine), dispatched(10, 0)).when(cancel).thenRefused('TRANSFER_NOTHING_LEFT'));
});

describe('the status', () => {
  const chairsOnly = transferPlanned(chairsLine);
  const cancelRest: TransferEvent = { type: 'TransferCancelled', data: { ...ends, reason: 'x', lines: [chairs(7)] } };
  it.each<[string, readonly TransferEvent[]]>([
    ['planned', [chairsOnly]],
    ['in_transit', [chairsOnly, dispatched(3, 7)]],
    ['in_transit', [chairsOnly, dispatched(3, 7), received(3)]],
    ['in_transit', [chairsOnly, dispatched(10, 0), received(9)]],
    ['completed', [chairsOnly, dispatched(10, 0), received(9), lost(1)]],
    ['completed', [chairsOnly, dispatched(3, 7), received(3), cancelRest]],
    ['cancelled', [chairsOnly, { ...cancelRest, data: { ...ends, reason: 'x', lines: [chairs(10)] } }]],
  ])('is %s', (status, history) => expect(standing(...history).status).toBe(status));
});
