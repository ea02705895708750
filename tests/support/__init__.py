"""What tests share: the oracle, random nets, draws, samples and programs of many cases."""
