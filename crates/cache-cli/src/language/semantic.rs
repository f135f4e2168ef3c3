//! What is said of answers to questions that mean the same.

use super::catalogue::messages;

messages! {
    label_stage() { "like questions" "비슷한 질문" }
    stage_on(threshold: &str, guards: &str, index: &str) {
        "share an answer from a similarity of {threshold} on; guards: {guards}; index: {index}"
        "유사도 {threshold}부터 답변을 함께 씀. 가드: {guards}. 색인: {index}"
    }
    stage_in_shadow(threshold: &str, guards: &str, index: &str) {
        "would share an answer from a similarity of {threshold} on, and are only counted; guards: {guards}; \
         index: {index}"
        "유사도 {threshold}부터 답변을 함께 쓸 수 있는지 세기만 함. 가드: {guards}. 색인: {index}"
    }
    alike_in(time: &str, similarity: &str, matched: &str, age: &str) {
        "the answer to a like question, {time}; similarity {similarity}, {age} old, {matched}"
        "비슷한 질문의 답변, {time}. 유사도 {similarity}, {age} 전, {matched}"
    }
}
