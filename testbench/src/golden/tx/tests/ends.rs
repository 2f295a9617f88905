//! Endpoint against endpoint: each operation, errors, close.

use super::*;
use crate::build::counted;
use crate::wire::ddp::Opcode;

#[test]
fn rdm_10_20_40_every_operation_arrives() {
    for markers in [false, true] {
        let setup = Setup {
            markers,
            ..Setup::default()
        };
        let mut net = setup.net(LinkConfig::default());
        for i in 0..4 {
            net.b().post_recv(recv(i, u64::from(i) * 4096, 4096));
        }
        let data = counted(5000);
        let a = net.a();
        a.post(0, write(0, 3, &data));
        a.post(0, send(1, &data[..3000]));
        let read = ReadRequest {
            sink_stag: STAG,
            sink_to: BASE + 0x8000,
            len: 4000,
            source_stag: STAG,
            source_to: BASE,
        };
        a.post(0, WorkRequest::new(2, Work::Read(read)));
        let imm = Work::Immediate {
            solicited: true,
            data: *b"12345678",
        };
        a.post(0, WorkRequest::new(3, imm));
        let kind = AtomicKind::FetchAdd { add: 5, mask: 0 };
        let (stag, to) = (STAG, BASE + 0x1_0000);
        a.post(0, WorkRequest::new(4, Work::Atomic { stag, to, kind }));
        let inv = Work::Send {
            payload: Payload::Gather(vec![Sge {
                addr: BASE + 7,
                len: 100,
                lkey: Some(STAG),
            }]),
            solicited: true,
            invalidate: Some(STAG),
        };
        let mut last = WorkRequest::new(5, inv);
        last.fence = true;
        a.post(0, last);
        let before = net.b().host.mem.read(ADDR + 0x1_0000, 8).expect("inside");
        let before = u64::from_le_bytes(before.try_into().expect("eight"));
        assert_eq!(net.run(SEC, |n| n.flows[0].a.idle()), Stop::Reached);
        let all: Vec<_> = net.a().completions().to_vec();
        assert!(all.iter().all(|c| c.status == SqStatus::Ok), "{all:?}");
        assert_eq!(
            all.iter().map(|c| c.id).collect::<Vec<_>>(),
            [0, 1, 2, 3, 4, 5]
        );
        assert_eq!(all[4].original, Some(before));
        assert_eq!(net.b().host.mem.read(ADDR + 3, 5000), Ok(&data[..]));
        assert_eq!(net.b().host.mem.read(RQ_ADDR, 3000), Ok(&data[..3000]));
        let source = net.b().host.mem.read(ADDR, 4000).expect("inside").to_vec();
        assert_eq!(net.a().host.mem.read(ADDR + 0x8000, 4000), Ok(&source[..]));
        let sum = net.b().host.mem.read(ADDR + 0x1_0000, 8).expect("inside");
        assert_eq!(sum, (before.wrapping_add(5)).to_le_bytes());
        let ops: Vec<_> = net
            .b()
            .events()
            .iter()
            .filter_map(|e| match e {
                Event::Receive(c) => Some(c.opcode),
                _ => None,
            })
            .collect();
        assert_eq!(ops, [Opcode::Send, Opcode::ImmediateSe, Opcode::SendSeInv]);
        assert!(net.b().host.tpt.get(STAG).is_none());
    }
}
