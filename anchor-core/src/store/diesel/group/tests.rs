#![expect(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests are tests too")]

use std::sync::mpsc;
use std::time::Duration;

use diesel::RunQueryDsl as _;
use tempfile::TempDir;
use tokio::task::{JoinHandle, yield_now};

use super::*;
use crate::store::diesel::pool::PoolOptions;

/// What a writer writes, and what it does meanwhile.
struct Line {
    text: &'static str,
    /// Goes on when somebody says so.
    held: Option<mpsc::Receiver<()>>,
}

fn line(text: &'static str) -> Line {
    Line { text, held: None }
}

/// Answers each with how many were written together. `bad` cannot be written.
fn together(connection: &mut AnyConnection, lines: &[Line]) -> Result<Vec<(usize, &'static str)>, Fault> {
    for line in lines {
        diesel::sql_query(format!("INSERT INTO lines VALUES ('{}')", line.text)).execute(connection)?;
        if let Some(held) = &line.held {
            held.recv().expect("it is let go");
        }
    }
    if lines.iter().any(|line| line.text == "bad") {
        return Err(Fault::Corrupt("bad".to_owned()));
    }
    Ok(lines.iter().map(|line| (lines.len(), line.text)).collect())
}

type Lines = Group<Line, (usize, &'static str)>;
type Task = JoinHandle<Result<(usize, &'static str), StoreError>>;

#[derive(Clone)]
struct Bench {
    database: Database,
    group: Lines,
    _folder: Arc<TempDir>,
}

impl Bench {
    fn new(options: PoolOptions) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("lines.sqlite3").display());
        let database = Database::open(&url, options).unwrap();
        let created = database.transact(|connection| {
            diesel::sql_query("CREATE TABLE lines (text TEXT NOT NULL)").execute(connection)?;
            Ok(End::Commit(()))
        });
        created.unwrap().unwrap();
        let group = Group::new(&database, "lines", together);
        Self { database, group, _folder: Arc::new(folder) }
    }

    async fn write(&self, line: Line) -> Result<(usize, &'static str), StoreError> {
        self.group.write(line).await
    }

    fn spawn(&self, line: Line) -> Task {
        let bench = self.clone();
        tokio::spawn(async move { bench.write(line).await })
    }

    /// A writer that is at it until the sender speaks.
    async fn held(&self) -> (Task, mpsc::Sender<()>) {
        let (go, held) = mpsc::channel();
        let first = self.spawn(Line { text: "held", held: Some(held) });
        // it has joined, and was taken up
        while !(lock(&self.group.queue).leads == 1 && lock(&self.group.queue).waiting.is_empty()) {
            yield_now().await;
        }
        (first, go)
    }

    async fn waiting(&self, count: usize) {
        while lock(&self.group.queue).waiting.len() < count {
            yield_now().await;
        }
    }

    fn written(&self) -> Vec<String> {
        #[derive(diesel::QueryableByName)]
        struct Row {
            #[diesel(sql_type = diesel::sql_types::Text)]
            text: String,
        }
        let rows = self.database.transact(|connection| {
            Ok(End::Commit(
                diesel::sql_query("SELECT text FROM lines ORDER BY rowid").load::<Row>(connection)?,
            ))
        });
        rows.unwrap().unwrap().into_iter().map(|row| row.text).collect()
    }
}

#[test]
fn nobody_waits_alone_and_a_second_lead_needs_company() {
    assert!(another_leads(0, 1, 1));
    assert!(another_leads(0, 2, 1));
    assert!(!another_leads(1, 2, COMPANY - 1));
    assert!(another_leads(1, 2, COMPANY));
    assert!(!another_leads(1, 1, COMPANY));
    assert!(!another_leads(2, 2, TOGETHER_MAX));
}

#[tokio::test]
async fn who_comes_meanwhile_shares_the_next_commit() {
    let bench = Bench::new(PoolOptions::default());
    let (first, go) = bench.held().await;
    let texts = ["a", "b", "c", "d"];
    let others = texts.map(|text| bench.spawn(line(text)));
    bench.waiting(4).await;
    go.send(()).unwrap();
    assert_eq!(first.await.unwrap().unwrap(), (1, "held"), "nobody waits for company");
    for (other, text) in others.into_iter().zip(texts) {
        assert_eq!(other.await.unwrap().unwrap(), (4, text));
    }
    assert_eq!(bench.written(), ["held", "a", "b", "c", "d"]);
    assert_eq!(bench.write(line("e")).await.unwrap(), (1, "e"));
}

#[tokio::test]
async fn after_a_crowd_as_many_are_waited_for_but_only_for_a_moment() {
    let bench = Bench::new(PoolOptions::default());
    let (first, go) = bench.held().await;
    let crowd: Vec<_> = (0..COMPANY).map(|_| bench.spawn(line("crowd"))).collect();
    bench.waiting(COMPANY).await;
    go.send(()).unwrap();
    first.await.unwrap().unwrap();
    for one in crowd {
        assert_eq!(one.await.unwrap().unwrap().0, COMPANY);
    }
    // time goes on only when nobody has anything to do
    tokio::time::pause();
    let early = bench.spawn(line("early"));
    while lock(&bench.group.queue).wanted.is_none() {
        yield_now().await;
    }
    let others: Vec<_> = (1..COMPANY).map(|_| bench.spawn(line("again"))).collect();
    assert_eq!(early.await.unwrap().unwrap().0, COMPANY, "it waited for the others");
    for one in others {
        assert_eq!(one.await.unwrap().unwrap().0, COMPANY);
    }
    assert_eq!(bench.write(line("late")).await.unwrap().0, 1, "nobody else comes");
    assert_eq!(lock(&bench.group.queue).wanted, None);
    assert_eq!(bench.write(line("alone")).await.unwrap().0, 1);
    assert_eq!(lock(&bench.group.queue).latest, 1);
}

#[tokio::test]
async fn who_cannot_be_written_fails_alone() {
    let bench = Bench::new(PoolOptions::default());
    let (first, go) = bench.held().await;
    let others = ["a", "bad", "c"].map(|text| bench.spawn(line(text)));
    bench.waiting(3).await;
    go.send(()).unwrap();
    first.await.unwrap().unwrap();
    let [a, bad, c] = others;
    assert_eq!(a.await.unwrap().unwrap(), (1, "a"));
    assert!(matches!(bad.await.unwrap(), Err(StoreError::Corrupt(_))));
    assert_eq!(c.await.unwrap().unwrap(), (1, "c"));
    assert_eq!(bench.written(), ["held", "a", "c"], "each once, and nothing of what failed");
}

#[tokio::test]
async fn who_goes_away_is_written_and_holds_up_nobody() {
    let bench = Bench::new(PoolOptions::default());
    let (first, go) = bench.held().await;
    let gone = bench.spawn(line("gone"));
    let stays = bench.spawn(line("stays"));
    bench.waiting(2).await;
    first.abort();
    gone.abort();
    assert!(first.await.unwrap_err().is_cancelled() && gone.await.unwrap_err().is_cancelled());
    go.send(()).unwrap();
    assert_eq!(stays.await.unwrap().unwrap(), (2, "stays"));
    assert_eq!(bench.written(), ["held", "gone", "stays"]);
}

#[tokio::test]
async fn long_queue_is_written_in_parts() {
    let bench = Bench::new(PoolOptions::default());
    let (first, go) = bench.held().await;
    let others: Vec<_> = (0..=TOGETHER_MAX).map(|_| bench.spawn(line("more"))).collect();
    bench.waiting(others.len()).await;
    go.send(()).unwrap();
    first.await.unwrap().unwrap();
    let mut sizes = Vec::new();
    for other in others {
        sizes.push(other.await.unwrap().unwrap().0);
    }
    assert!(sizes[..TOGETHER_MAX].iter().all(|size| *size == TOGETHER_MAX));
    assert_eq!(sizes[TOGETHER_MAX], 1);
}

#[tokio::test]
async fn all_hear_that_the_database_is_busy() {
    let bench = Bench::new(PoolOptions { size: 1, timeout: Duration::from_millis(20) });
    let turn = bench.database.turn_to_write().await.unwrap();
    let writers = ["a", "b"].map(|text| bench.spawn(line(text)));
    for writer in writers {
        assert!(matches!(writer.await.unwrap(), Err(StoreError::Unavailable(_))));
    }
    drop(turn);
    assert_eq!(bench.write(line("c")).await.unwrap(), (1, "c"));
    assert_eq!(bench.written(), ["c"]);
}

/// As the threads of a web server that stops.
#[test]
fn runtime_that_ends_takes_no_other_with_it() {
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let bench = Bench::new(PoolOptions { size: 1, timeout: Duration::from_secs(60) });
    let (ends, stays) = (runtime(), runtime());
    let turn = stays.block_on(bench.database.turn_to_write()).unwrap();
    // it leads, and waits for its turn
    let (mut lost, mut follower) = (None, None);
    ends.block_on(async {
        lost = Some(bench.spawn(line("lost")));
        bench.waiting(1).await;
        yield_now().await;
    });
    stays.block_on(async {
        follower = Some(bench.spawn(line("follower")));
        bench.waiting(2).await;
    });
    let (lost, follower) = (lost.unwrap(), follower.unwrap());
    drop(ends);
    assert!(stays.block_on(lost).is_err());
    assert!(matches!(stays.block_on(follower).unwrap(), Err(StoreError::Failed { .. })));
    drop(turn);
    assert_eq!(stays.block_on(bench.write(line("next"))).unwrap(), (1, "next"));
    assert_eq!(bench.written(), ["next"]);
}
