//! Money from outside: what is bought is approved first, keeps to the caps, and stands in the ledger.
//!
//! The provider is a server on loopback, with a manifest of the user's own that gives it a price.

use std::sync::atomic::Ordering;

use crate::helpers::{LONGEST, Outcome, gst, listing, root, start_with};
use crate::models::{GRAPH, serve};

struct Shop {
    folder: tempfile::TempDir,
    address: String,
}

impl Shop {
    fn write(&self, file: &str, text: &str) {
        let path = self.folder.path().join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    #[track_caller]
    fn call(&self, args: &[&str]) -> Outcome {
        start_with(self.folder.path(), args, &[("VIDEO_SERVER_URL", self.address.as_str())]).wait(LONGEST)
    }

    /// A price for what the server makes, or none that anybody knows.
    fn price(&self, rules: &str) {
        let manifest = root().join("src/providers/manifests/openai-videos.ron");
        let manifest = std::fs::read_to_string(manifest).unwrap();
        let free = "rules: [(per: Call, microusd: 0)]";
        assert!(manifest.contains(free));
        self.write("throughline/providers/openai-videos.ron", &manifest.replace(free, rules));
    }
}

#[test]
fn what_is_bought_is_approved_capped_and_in_the_ledger() {
    if gst().is_none() {
        return;
    }
    let shop = Shop { folder: tempfile::tempdir().unwrap(), address: String::new() };
    shop.write("g.ron", GRAPH);
    shop.call(&["run", "g.ron"]).expect(0);
    let (address, submits) = serve(std::fs::read(shop.folder.path().join("film.mp4")).unwrap());
    let shop = Shop { address, ..shop };
    let bought = || submits.load(Ordering::SeqCst);
    shop.write("g.ron", &GRAPH.replace("\"seconds\"", "\"model\": \"openai-videos/served\", \"seconds\""));
    shop.price("rules: [(per: Call, microusd: 250000)]");

    // A rehearsal says who would be paid what, and leaves nothing behind.
    let before = listing(shop.folder.path());
    let told = shop.call(&["run", "g.ron", "--dry-run", "--budget", "1usd"]).expect(0);
    assert!(told.out.contains("buys  generate  $0.25  openai-videos/served 1 from openai-videos"), "{}", told.out);
    assert!(told.out.contains("would buy 1 for $0.25"), "{}", told.out);
    let told = shop.call(&["run", "g.ron", "--dry-run"]).expect(3);
    assert!(told.out.contains("holds generate  $0.25") && told.out.contains("not approved"), "{}", told.out);
    assert_eq!(listing(shop.folder.path()), before);

    // Neither a budget nor a name gets past a cap, wherever it is set.
    let capped = shop.call(&["run", "g.ron", "--budget", "1usd", "--cap-run", "20c"]).expect(3);
    assert!(capped.err.contains("cap-reached") && capped.err.contains("--cap-run"), "{}", capped.err);
    shop.write("throughline/money.ron", "(month: \"0.20\", providers: { \"openai-videos\": 9 })");
    for approval in [["--budget", "5usd"], ["--approve", "generate"]] {
        let capped = shop.call(&[&["run", "g.ron", "--cap-month", "9usd"], &approval[..]].concat()).expect(3);
        assert!(capped.err.contains("of $0.20 has $0.20 left"), "{}", capped.err);
        assert!(capped.err.contains("money.ron") && capped.out.contains("held 1"), "{}\n{}", capped.err, capped.out);
    }
    shop.write("throughline/money.ron", "(mnoth: 5)");
    let refused = shop.call(&["run", "g.ron", "--budget", "1usd"]).expect(2);
    assert!(refused.err.contains("there is no limit `mnoth`"), "{}", refused.err);
    shop.write("throughline/money.ron", "(month: 10)");
    let short = shop.call(&["run", "g.ron", "--budget", "24c"]).expect(3);
    assert!(short.err.contains("the budget of this run"), "{}", short.err);
    shop.call(&["run", "g.ron", "--approve", "genrate"]).expect(2);
    assert_eq!(bought(), 0);

    let made = shop.call(&["run", "g.ron", "--budget", "25c"]).expect(0);
    assert!(made.last().ends_with("cost $0.25"), "{}", made.out);
    assert_eq!(bought(), 1);
    let ledger = shop.call(&["ledger", "g.ron"]).expect(0).out;
    for words in
        ["generate  openai-videos  openai-videos/served  $0.25", "1 entries, $0.25", "$10.00, $0.25 spent, $0.00"]
    {
        assert!(ledger.contains(words), "{words}: {ledger}");
    }
    let csv = shop.call(&["ledger", "g.ron", "--csv"]).expect(0).out;
    assert!(csv.contains(",generate,openai-videos,openai-videos/served,listed,0.250000,,0.250000,1,"), "{csv}");
    shop.call(&["ledger", "g.ron", "--csv", "ledger.csv"]).expect(0);
    assert_eq!(
        std::fs::read_to_string(shop.folder.path().join("ledger.csv")).unwrap().replace('\r', ""),
        csv.replace('\r', "")
    );

    // An unknown price is within no budget, and its bill is not zero.
    shop.price("");
    shop.write("g.ron", &GRAPH.replace("\"seconds\"", "\"model\": \"openai-videos/served\", \"seed\": 9, \"seconds\""));
    let held = shop.call(&["run", "g.ron", "--budget", "100usd"]).expect(3);
    assert!(held.out.contains("held  generate  an unknown price"), "{}", held.out);
    let made = shop.call(&["run", "g.ron", "--approve", "generate", "--json"]).expect(0).json();
    let finished = made.last().unwrap();
    assert_eq!((finished["cost_microusd"].as_u64(), finished["unknown_costs"].as_u64()), (Some(0), Some(1)));
    let ledger = shop.call(&["ledger", "g.ron", "--json"]).expect(0).json().remove(0);
    assert!(ledger["entries"][1]["cost_microusd"].is_null(), "{ledger}");
    assert_eq!(ledger["total"]["unknown_costs"].as_u64(), Some(1));
    assert_eq!(bought(), 2);
    assert_eq!(shop.call(&["jobs", "list", "g.ron"]).expect(0).out, "0 jobs are not over, 0 of unknown outcome\n");
    shop.call(&["jobs", "settle", "g.ron", "1", "--nothing"]).expect(2);
    shop.call(&["jobs", "settle", "g.ron", "1"]).expect(2);
}
