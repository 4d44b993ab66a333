/** A seed of a cluster: tells clients where the leader is, on a port of its own. */
import { randomUUID } from 'node:crypto';
import gossipGrpc from '@eventstore/db-client/generated/gossip_grpc_pb.js';
import gossipPb from '@eventstore/db-client/generated/gossip_pb.js';
import sharedPb from '@eventstore/db-client/generated/shared_pb.js';
import { Server, ServerCredentials, type sendUnaryData } from '@grpc/grpc-js';

const host = '127.0.0.1';

/** @returns the port it listens on, and what ends it. */
export const startGossip = async (
  leaderPort: () => number,
  port = 0,
): Promise<{ readonly port: number; readonly stop: () => void }> => {
  const server = new Server();
  server.addService(gossipGrpc.GossipService, {
    read: (_call: unknown, callback: sendUnaryData<gossipPb.ClusterInfo>) => {
      const member = new gossipPb.MemberInfo()
        .setInstanceId(new sharedPb.UUID().setString(randomUUID()))
        .setIsAlive(true)
        .setState(gossipPb.MemberInfo.VNodeState.LEADER)
        .setHttpEndPoint(new gossipPb.EndPoint().setAddress(host).setPort(leaderPort()));
      callback(null, new gossipPb.ClusterInfo().setMembersList([member]));
    },
  });
  const bound = await new Promise<number>((resolve, reject) => {
    server.bindAsync(`${host}:${port}`, ServerCredentials.createInsecure(), (error, boundPort) => {
      if (error === null) resolve(boundPort);
      else reject(error);
    });
  });
  return { port: bound, stop: () => server.forceShutdown() };
};
